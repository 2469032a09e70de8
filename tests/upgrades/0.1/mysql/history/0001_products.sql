-- SQL migration 0001_products
-- Id: 5390ca93f4854ca69610fe760d00b8a6
-- Recorded on: MySQL 9.7.4
-- Migrations:
--   shop.0001_initial

SET NAMES utf8mb4;
SET sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO';
SET time_zone = '+00:00';
SET foreign_key_checks = 1;

-- ---- Migration shop.0001_initial
--      Create model Category
--      Create model Product
--      Create model Visit
--      Raw Python operation

-- [1] creates a table
CREATE TABLE `shop_category` (
  `id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY,
  `name` varchar(40) NOT NULL
);

-- [2] creates a table
CREATE TABLE `shop_product` (
  `id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY,
  `category_id` bigint NOT NULL,
  `name` varchar(40) NOT NULL,
  `price` numeric(10, 2) NULL,
  `note` varchar(80) NOT NULL
);

-- [3] creates a table
CREATE TABLE `shop_visit` (
  `id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY,
  `day` date NOT NULL
);

-- [4] python step shop.0001_initial/3: RunPython(categories), atomic

-- [5] copies the table, blocks writes (a new table)
ALTER TABLE `shop_product` ADD CONSTRAINT `shop_product_category_id_14d7eea8_fk_shop_category_id` FOREIGN KEY (`category_id`) REFERENCES `shop_category` (`id`);
