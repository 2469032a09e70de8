-- The schema after 0004_stock. Written by db_generate; a fresh database loads it instead
-- of replaying the files. Its diff shows the net effect of a change.

SET NAMES utf8mb4;
SET sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO';
SET time_zone = '+00:00';
SET foreign_key_checks = 0;

CREATE TABLE `shop_category` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `name` varchar(40) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `shop_category_name_11b68823_uniq` (`name`)
) ENGINE=InnoDB;

CREATE TABLE `shop_product` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `category_id` bigint NOT NULL,
  `name` varchar(40) NOT NULL,
  `price` decimal(10,2) DEFAULT NULL,
  `slug` varchar(40) NOT NULL,
  `stock` int NOT NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `shop_product_category_id_14d7eea8_fk_shop_category_id` FOREIGN KEY (`category_id`) REFERENCES `shop_category` (`id`)
) ENGINE=InnoDB;

CREATE TABLE `shop_visit` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `day` date NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;

INSERT INTO `shop_category` (`id`, `name`) VALUES
  (1, 'Books'),
  (2, 'Tea and coffee');

SET foreign_key_checks = 1;
