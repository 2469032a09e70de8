-- SQL migration 0002_slugs
-- Id: bce8e6da07df4b6cb93e63e798a44425
-- Recorded on: MariaDB 10.11.19
-- Migrations:
--   shop.0002_slugs

SET NAMES utf8mb4;
SET sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO';
SET time_zone = '+00:00';
SET foreign_key_checks = 1;

-- ---- Migration shop.0002_slugs
--      Add field slug to Product
--      Raw Python operation
--      Raw SQL operation
--      Raw SQL operation

-- [1] instant
ALTER TABLE `shop_product` ADD COLUMN `slug` varchar(40) DEFAULT '' NOT NULL;

-- [2] instant
ALTER TABLE `shop_product` ALTER COLUMN `slug` DROP DEFAULT;

-- [3] python step shop.0002_slugs/1: RunPython(fill), atomic

-- [4] writes rows
UPDATE shop_product SET price = 0 WHERE price IS NULL;

-- [5] empties a table: its rows are lost; undecidable after a crash: TRUNCATE leaves no trace in the schema
TRUNCATE TABLE shop_visit;
