-- SQL migration 0002_amazing_spiderman (down: undoes it)
-- Id: 108498c053764dbb840982adb70068be
-- Recorded on: MySQL 9.7.4
-- Migrations:
--   identity.0002_user_avatar_url_user_phone_number

SET NAMES utf8mb4;
SET sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO';
SET time_zone = '+00:00';
SET foreign_key_checks = 1;

-- ---- Migration identity.0002_user_avatar_url_user_phone_number
--      Undo: Add field phone_number to user
--      Undo: Add field avatar_url to user

-- [1] instant; the values of phone_number are lost
ALTER TABLE `identity_user` DROP COLUMN `phone_number`;

-- [2] instant; the values of avatar_url are lost
ALTER TABLE `identity_user` DROP COLUMN `avatar_url`;
