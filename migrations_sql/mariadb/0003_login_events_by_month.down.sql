-- SQL migration 0003_login_events_by_month (down: undoes it)
-- Id: bff9d6d60fd547dc89b1d9fc9faee250
-- Recorded on: MariaDB 10.11.19
-- Migrations:
--   identity.0003_alter_loginevent_user_and_more

SET NAMES utf8mb4;
SET sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';
SET time_zone = '+00:00';
SET foreign_key_checks = 1;

-- ---- Migration identity.0003_alter_loginevent_user_and_more
--      Undo: Create constraint identity_login_event_by_month on model loginevent
--      Undo: Alter field user on loginevent

-- [1] copies the table, blocks writes
ALTER TABLE `identity_login_event` DROP PRIMARY KEY, ADD PRIMARY KEY (`id`) REMOVE PARTITIONING;

-- [2] no copy, no lock
CREATE INDEX `identity_login_event_user_id_2d579cc2` ON `identity_login_event` (`user_id`);

-- [3] copies the table, blocks writes
ALTER TABLE `identity_login_event` ADD CONSTRAINT `identity_login_event_user_id_2d579cc2_fk_identity_user_id` FOREIGN KEY (`user_id`) REFERENCES `identity_user` (`id`);

-- Not Django's, which leaves + index identity_login_event_user_id_2d579cc2
-- [4] no copy, no lock
ALTER TABLE `identity_login_event` DROP INDEX `identity_login_event_user_id_2d579cc2`;
