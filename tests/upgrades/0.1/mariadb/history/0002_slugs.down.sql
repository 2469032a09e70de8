-- SQL migration 0002_slugs (down: undoes it)
-- Id: bce8e6da07df4b6cb93e63e798a44425
-- Recorded on: MariaDB 10.11.19
-- Migrations:
--   shop.0002_slugs

SET NAMES utf8mb4;
SET sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO';
SET time_zone = '+00:00';
SET foreign_key_checks = 1;

-- ---- Migration shop.0002_slugs
--      Undo: Raw SQL operation
--      Undo: Raw SQL operation
--      Undo: Raw Python operation
--      Undo: Add field slug to Product

-- [1] python step shop.0002_slugs/1: RunPython(fill), atomic

-- [2] instant; the values of slug are lost
ALTER TABLE `shop_product` DROP COLUMN `slug`;
