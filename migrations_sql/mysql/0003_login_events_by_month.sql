-- SQL migration 0003_login_events_by_month
-- Id: 5b94a6a9add849788c1c472ea818fd7b
-- Recorded on: MySQL 9.7.4
-- Migrations:
--   identity.0003_alter_loginevent_user_and_more
-- Order: migrate first. Measured on MySQL 9.7.4, strict: 1 model, 296 queries.
--   New code before this file can fail: 1452 Cannot add or update a child row: a foreign key constraint fails (`identity_login_event`, CONSTRAINT `identity_login_event_user_id_2d579cc2_fk_identity_user_id` FOREIGN KEY (`user_id`) REFERENCES `identity_user` (`id`)) (INSERT identity.LoginEvent, user = a row that is gone)
--   Not measured: raw SQL, triggers, data steps, performance

SET NAMES utf8mb4;
SET sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';
SET time_zone = '+00:00';
SET foreign_key_checks = 1;

-- ---- Migration identity.0003_alter_loginevent_user_and_more
--      Alter field user on loginevent
--      Create constraint identity_login_event_by_month on model loginevent

-- [1] in place, no lock
ALTER TABLE `identity_login_event` DROP FOREIGN KEY `identity_login_event_user_id_2d579cc2_fk_identity_user_id`;

-- [2] copies the table, blocks writes
ALTER TABLE `identity_login_event` DROP PRIMARY KEY, ADD PRIMARY KEY (`id`, `created_at`) PARTITION BY RANGE COLUMNS (`created_at`) (
  PARTITION `p_before` VALUES LESS THAN ('2026-12-01 00:00:00'),
  PARTITION `p20261201` VALUES LESS THAN ('2027-01-01 00:00:00'),
  PARTITION `p20270101` VALUES LESS THAN ('2027-02-01 00:00:00'),
  PARTITION `p20270201` VALUES LESS THAN ('2027-03-01 00:00:00'),
  PARTITION `p20270301` VALUES LESS THAN ('2027-04-01 00:00:00'),
  PARTITION `p_rest` VALUES LESS THAN (MAXVALUE)
);
