-- SQL migration 0001_products (down: undoes it)
-- Id: 5390ca93f4854ca69610fe760d00b8a6
-- Recorded on: MySQL 9.7.4
-- Migrations:
--   shop.0001_initial

SET NAMES utf8mb4;
SET sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO';
SET time_zone = '+00:00';
SET foreign_key_checks = 1;

-- ---- Migration shop.0001_initial
--      Undo: Raw Python operation
--      Undo: Create model Visit
--      Undo: Create model Product
--      Undo: Create model Category

-- [1] python step shop.0001_initial/3: RunPython(categories), atomic

-- [2] drops a table: its rows are lost
DROP TABLE `shop_visit` CASCADE;

-- [3] drops a table: its rows are lost
DROP TABLE `shop_product` CASCADE;

-- [4] drops a table: its rows are lost
DROP TABLE `shop_category` CASCADE;
