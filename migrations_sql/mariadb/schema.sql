-- The schema after 0003_login_events_by_month. Written by db_generate; a fresh database loads it instead
-- of replaying the files. Its diff shows the net effect of a change.

SET NAMES utf8mb4;
SET sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';
SET time_zone = '+00:00';
SET foreign_key_checks = 0;

CREATE TABLE `auth_group` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `name` varchar(150) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `name` (`name`)
) ENGINE=InnoDB;

CREATE TABLE `auth_group_permissions` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `group_id` int(11) NOT NULL,
  `permission_id` int(11) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `auth_group_permissions_group_id_permission_id_0cd325b0_uniq` (`group_id`,`permission_id`),
  CONSTRAINT `auth_group_permissio_permission_id_84c5c92e_fk_auth_perm` FOREIGN KEY (`permission_id`) REFERENCES `auth_permission` (`id`),
  CONSTRAINT `auth_group_permissions_group_id_b120cbf9_fk_auth_group_id` FOREIGN KEY (`group_id`) REFERENCES `auth_group` (`id`)
) ENGINE=InnoDB;

CREATE TABLE `auth_permission` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `name` varchar(255) NOT NULL,
  `content_type_id` int(11) NOT NULL,
  `codename` varchar(100) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `auth_permission_content_type_id_codename_01ab375a_uniq` (`content_type_id`,`codename`),
  CONSTRAINT `auth_permission_content_type_id_2f476e4b_fk_django_co` FOREIGN KEY (`content_type_id`) REFERENCES `django_content_type` (`id`)
) ENGINE=InnoDB;

CREATE TABLE `blog_category` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `slug` varchar(60) NOT NULL COMMENT 'Name in a URL',
  `name` varchar(80) NOT NULL,
  `created_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6) COMMENT 'UTC',
  PRIMARY KEY (`id`),
  UNIQUE KEY `slug` (`slug`),
  UNIQUE KEY `name` (`name`),
  CONSTRAINT `blog_category_slug_not_empty` CHECK (`slug` <> '')
) ENGINE=InnoDB COMMENT='Categories: each post is in exactly one';

CREATE TABLE `blog_comment` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `body` varchar(2000) NOT NULL,
  `status` varchar(10) NOT NULL DEFAULT 'pending' COMMENT 'pending, approved or rejected',
  `created_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6) COMMENT 'UTC',
  `author_id` bigint(20) NOT NULL,
  `post_id` bigint(20) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `blog_comment_post_status_idx` (`post_id`,`status`,`created_at`),
  KEY `blog_comment_status_idx` (`status`,`created_at`),
  KEY `blog_comment_created_at_idx` (`created_at`),
  CONSTRAINT `blog_comment_author_id_4f11e2e0_fk_identity_user_id` FOREIGN KEY (`author_id`) REFERENCES `identity_user` (`id`),
  CONSTRAINT `blog_comment_post_id_580e96ef_fk_blog_post_id` FOREIGN KEY (`post_id`) REFERENCES `blog_post` (`id`),
  CONSTRAINT `blog_comment_status_known` CHECK (`status` in ('pending','approved','rejected')),
  CONSTRAINT `blog_comment_body_not_empty` CHECK (`body` <> '')
) ENGINE=InnoDB COMMENT='Comments on posts, moderated';

CREATE TABLE `blog_post` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `slug` varchar(120) NOT NULL COMMENT 'Name in a URL',
  `title` varchar(200) NOT NULL,
  `body` longtext NOT NULL,
  `status` varchar(10) NOT NULL DEFAULT 'draft' COMMENT 'draft, published or archived',
  `published_at` datetime(6) DEFAULT NULL COMMENT 'UTC; NULL exactly while the post is a draft',
  `created_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6) COMMENT 'UTC',
  `updated_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6) COMMENT 'UTC',
  `author_id` bigint(20) NOT NULL,
  `category_id` bigint(20) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `slug` (`slug`),
  KEY `blog_post_status_published_idx` (`status`,`published_at`),
  KEY `blog_post_status_category_idx` (`status`,`category_id`,`published_at`),
  KEY `blog_post_status_author_idx` (`status`,`author_id`,`published_at`),
  KEY `blog_post_published_at_idx` (`published_at`),
  KEY `blog_post_created_at_idx` (`created_at`),
  KEY `blog_post_title_idx` (`title`),
  CONSTRAINT `blog_post_author_id_dd7a8485_fk_identity_user_id` FOREIGN KEY (`author_id`) REFERENCES `identity_user` (`id`),
  CONSTRAINT `blog_post_category_id_c326dbf8_fk_blog_category_id` FOREIGN KEY (`category_id`) REFERENCES `blog_category` (`id`),
  CONSTRAINT `blog_post_published_at_fits_status` CHECK (`published_at` is null and `status` = 'draft' or `published_at` is not null and `status` in ('published','archived')),
  CONSTRAINT `blog_post_slug_not_empty` CHECK (`slug` <> '')
) ENGINE=InnoDB COMMENT='Articles';

CREATE TABLE `blog_post_tag` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `post_id` bigint(20) NOT NULL,
  `tag_id` bigint(20) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `blog_post_tag_post_tag_uniq` (`post_id`,`tag_id`),
  KEY `blog_post_tag_tag_post_idx` (`tag_id`,`post_id`),
  CONSTRAINT `blog_post_tag_post_id_a5c00319_fk_blog_post_id` FOREIGN KEY (`post_id`) REFERENCES `blog_post` (`id`),
  CONSTRAINT `blog_post_tag_tag_id_2bbd31e4_fk_blog_tag_id` FOREIGN KEY (`tag_id`) REFERENCES `blog_tag` (`id`)
) ENGINE=InnoDB COMMENT='Which post has which tag';

CREATE TABLE `blog_tag` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `slug` varchar(60) NOT NULL COMMENT 'Name in a URL',
  `name` varchar(60) NOT NULL,
  `created_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6) COMMENT 'UTC',
  PRIMARY KEY (`id`),
  UNIQUE KEY `slug` (`slug`),
  UNIQUE KEY `name` (`name`),
  CONSTRAINT `blog_tag_slug_not_empty` CHECK (`slug` <> '')
) ENGINE=InnoDB COMMENT='Tags: a post has any number of them';

CREATE TABLE `django_admin_log` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `action_time` datetime(6) NOT NULL,
  `object_id` longtext DEFAULT NULL,
  `object_repr` varchar(200) NOT NULL,
  `action_flag` smallint(5) unsigned NOT NULL CHECK (`action_flag` >= 0),
  `change_message` longtext NOT NULL,
  `content_type_id` int(11) DEFAULT NULL,
  `user_id` bigint(20) NOT NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `django_admin_log_content_type_id_c4bce8eb_fk_django_co` FOREIGN KEY (`content_type_id`) REFERENCES `django_content_type` (`id`),
  CONSTRAINT `django_admin_log_user_id_c564eba6_fk_identity_user_id` FOREIGN KEY (`user_id`) REFERENCES `identity_user` (`id`)
) ENGINE=InnoDB;

CREATE TABLE `django_content_type` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `app_label` varchar(100) NOT NULL,
  `model` varchar(100) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `django_content_type_app_label_model_76bd3d3b_uniq` (`app_label`,`model`)
) ENGINE=InnoDB;

CREATE TABLE `django_session` (
  `session_key` varchar(40) NOT NULL,
  `session_data` longtext NOT NULL,
  `expire_date` datetime(6) NOT NULL,
  PRIMARY KEY (`session_key`),
  KEY `django_session_expire_date_a5c62663` (`expire_date`)
) ENGINE=InnoDB;

CREATE TABLE `identity_login_event` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `ip_address` char(39) NOT NULL COMMENT 'IPv4 or IPv6 address of the client',
  `user_agent` varchar(255) NOT NULL DEFAULT '' COMMENT 'User-Agent header, cut at 255 characters',
  `succeeded` tinyint(1) NOT NULL COMMENT 'False: wrong password or inactive user',
  `created_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6) COMMENT 'UTC',
  `user_id` bigint(20) NOT NULL,
  PRIMARY KEY (`id`,`created_at`),
  KEY `identity_login_created_idx` (`created_at`),
  KEY `identity_login_user_idx` (`user_id`,`created_at`),
  KEY `identity_login_ip_idx` (`ip_address`,`created_at`),
  KEY `identity_login_succeeded_idx` (`succeeded`,`created_at`)
) ENGINE=InnoDB COMMENT='Login attempts; grows without end' PARTITION BY RANGE COLUMNS(`created_at`) (PARTITION `p_before` VALUES LESS THAN ('2026-12-01 00:00:00') ENGINE = InnoDB, PARTITION `p20261201` VALUES LESS THAN ('2027-01-01 00:00:00') ENGINE = InnoDB, PARTITION `p20270101` VALUES LESS THAN ('2027-02-01 00:00:00') ENGINE = InnoDB, PARTITION `p20270201` VALUES LESS THAN ('2027-03-01 00:00:00') ENGINE = InnoDB, PARTITION `p20270301` VALUES LESS THAN ('2027-04-01 00:00:00') ENGINE = InnoDB, PARTITION `p_rest` VALUES LESS THAN (MAXVALUE) ENGINE = InnoDB);

CREATE TABLE `identity_role` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `code` varchar(50) NOT NULL COMMENT 'Stable name that code refers to',
  `name` varchar(100) NOT NULL,
  `description` varchar(255) NOT NULL DEFAULT '',
  `created_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6) COMMENT 'UTC',
  PRIMARY KEY (`id`),
  UNIQUE KEY `code` (`code`),
  CONSTRAINT `identity_role_code_not_empty` CHECK (`code` <> '')
) ENGINE=InnoDB COMMENT='Roles that users can hold';

CREATE TABLE `identity_role_assignment` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `created_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6) COMMENT 'UTC',
  `assigned_by_id` bigint(20) NOT NULL COMMENT 'User who gave the role',
  `role_id` bigint(20) NOT NULL,
  `user_id` bigint(20) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `identity_role_assignment_user_role_uniq` (`user_id`,`role_id`),
  CONSTRAINT `identity_role_assign_assigned_by_id_7b00b4da_fk_identity_` FOREIGN KEY (`assigned_by_id`) REFERENCES `identity_user` (`id`),
  CONSTRAINT `identity_role_assignment_role_id_1e9f3d04_fk_identity_role_id` FOREIGN KEY (`role_id`) REFERENCES `identity_role` (`id`),
  CONSTRAINT `identity_role_assignment_user_id_85f526d1_fk_identity_user_id` FOREIGN KEY (`user_id`) REFERENCES `identity_user` (`id`)
) ENGINE=InnoDB COMMENT='Which user holds which role';

CREATE TABLE `identity_user` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `password` varchar(128) NOT NULL,
  `last_login` datetime(6) DEFAULT NULL,
  `is_superuser` tinyint(1) NOT NULL,
  `email` varchar(254) NOT NULL COMMENT 'Login name: lower case, domain in punycode',
  `name` varchar(150) NOT NULL COMMENT 'Name to show, as the person writes it',
  `is_active` tinyint(1) NOT NULL DEFAULT 1 COMMENT 'May log in',
  `is_staff` tinyint(1) NOT NULL DEFAULT 0 COMMENT 'May use the admin site',
  `created_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6) COMMENT 'UTC',
  `avatar_url` varchar(500) NOT NULL DEFAULT '' COMMENT 'Picture to show beside the name; empty when there is none',
  `phone_number` varchar(20) NOT NULL DEFAULT '' COMMENT 'As the person writes it; empty when there is none',
  PRIMARY KEY (`id`),
  UNIQUE KEY `email` (`email`),
  KEY `identity_user_name_idx` (`name`),
  KEY `identity_user_created_at_idx` (`created_at`),
  KEY `identity_user_is_staff_idx` (`is_staff`),
  KEY `identity_user_is_active_idx` (`is_active`),
  CONSTRAINT `identity_user_email_not_empty` CHECK (`email` <> ''),
  CONSTRAINT `identity_user_name_not_empty` CHECK (`name` <> '')
) ENGINE=InnoDB COMMENT='People who can log in';

CREATE TABLE `identity_user_groups` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `user_id` bigint(20) NOT NULL,
  `group_id` int(11) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `identity_user_groups_user_id_group_id_ece29599_uniq` (`user_id`,`group_id`),
  CONSTRAINT `identity_user_groups_group_id_cdb422da_fk_auth_group_id` FOREIGN KEY (`group_id`) REFERENCES `auth_group` (`id`),
  CONSTRAINT `identity_user_groups_user_id_f69e0c80_fk_identity_user_id` FOREIGN KEY (`user_id`) REFERENCES `identity_user` (`id`)
) ENGINE=InnoDB;

CREATE TABLE `identity_user_user_permissions` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `user_id` bigint(20) NOT NULL,
  `permission_id` int(11) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `identity_user_user_permi_user_id_permission_id_1becc26c_uniq` (`user_id`,`permission_id`),
  CONSTRAINT `identity_user_user_p_permission_id_c8f2cf2f_fk_auth_perm` FOREIGN KEY (`permission_id`) REFERENCES `auth_permission` (`id`),
  CONSTRAINT `identity_user_user_p_user_id_a626cb1f_fk_identity_` FOREIGN KEY (`user_id`) REFERENCES `identity_user` (`id`)
) ENGINE=InnoDB;

SET foreign_key_checks = 1;
