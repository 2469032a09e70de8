-- SQL migration 0004_stock
-- Id: 33a3410e62e24421a37cffd0e99470fd
-- Recorded on: MariaDB 10.11.19
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

-- [4] no copy, no lock
ALTER TABLE `shop_category` ADD CONSTRAINT `shop_category_name_11b68823_uniq` UNIQUE (`name`);
