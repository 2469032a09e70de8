-- SQL migration 0004_stock (down: undoes it)
-- Id: 72a57c7c55264947b0367c850c1aadd6
-- Recorded on: MySQL 9.7.4
-- Migrations:
--   shop.0004_stock

SET NAMES utf8mb4;
SET sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO';
SET time_zone = '+00:00';
SET foreign_key_checks = 1;

-- ---- Migration shop.0004_stock
--      Undo: Alter field name on Category
--      Undo: Raw Python operation
--      Undo: Add field stock to Product

-- [1] in place, no lock
ALTER TABLE `shop_category` DROP INDEX `shop_category_name_11b68823_uniq`;

-- [2] python step shop.0004_stock/1: RunPython(fill), atomic

-- [3] instant; the values of stock are lost
ALTER TABLE `shop_product` DROP COLUMN `stock`;
