-- SQL migration 0004_stock
-- Id: 72a57c7c55264947b0367c850c1aadd6
-- Recorded on: MySQL 9.7.4
-- Migrations:
--   shop.0004_stock

SET NAMES utf8mb4;
SET sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO';
SET time_zone = '+00:00';
SET foreign_key_checks = 1;

-- ---- Migration shop.0004_stock
--      Add field stock to Product
--      Raw Python operation
--      Alter field name on Category

-- [1] instant
ALTER TABLE `shop_product` ADD COLUMN `stock` integer DEFAULT 0 NOT NULL;

-- [2] instant
ALTER TABLE `shop_product` ALTER COLUMN `stock` DROP DEFAULT;

-- [3] python step shop.0004_stock/1: RunPython(fill), atomic

-- [4] in place, no lock
ALTER TABLE `shop_category` ADD CONSTRAINT `shop_category_name_11b68823_uniq` UNIQUE (`name`);
