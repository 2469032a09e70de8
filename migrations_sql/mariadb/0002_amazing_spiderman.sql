-- SQL migration 0002_amazing_spiderman
-- Id: d9e743e462984041a2f34f9a411c8e2f
-- Recorded on: MariaDB 10.11.19
-- Migrations:
--   identity.0002_user_avatar_url_user_phone_number

SET NAMES utf8mb4;
SET sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO';
SET time_zone = '+00:00';
SET foreign_key_checks = 1;

-- ---- Migration identity.0002_user_avatar_url_user_phone_number
--      Add field avatar_url to user
--      Add field phone_number to user

-- [1] instant
ALTER TABLE `identity_user` ADD COLUMN `avatar_url` varchar(500) COMMENT 'Picture to show beside the name; empty when there is none' DEFAULT '' NOT NULL;

-- [2] instant
ALTER TABLE `identity_user` ADD COLUMN `phone_number` varchar(20) COMMENT 'As the person writes it; empty when there is none' DEFAULT '' NOT NULL;
