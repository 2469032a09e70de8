-- SQL migration 0003_no_notes (down: undoes it)
-- Id: 0ad271eff8284b32a3dde7335ab6684f
-- Recorded on: MySQL 9.7.4
-- Migrations:
--   shop.0003_no_notes
-- Notes:
--   INEXACT: ~ table shop_product / order of columns: id, category_id, name, price, note, slug -> id, category_id, name, price, slug, note

SET NAMES utf8mb4;
SET sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO';
SET time_zone = '+00:00';
SET foreign_key_checks = 1;

-- ---- Migration shop.0003_no_notes
--      Undo: Remove field note from Product

-- [1] instant
ALTER TABLE `shop_product` ADD COLUMN `note` varchar(80) DEFAULT '' NOT NULL;

-- [2] instant
ALTER TABLE `shop_product` ALTER COLUMN `note` DROP DEFAULT;
