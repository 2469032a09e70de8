-- SQL migration 0001_initial
-- Id: b1cfaad698fc440894233f197e8aaedb
-- Recorded on: MySQL 9.7.4
-- Migrations:
--   contenttypes.0001_initial
--   contenttypes.0002_remove_content_type_name
--   auth.0001_initial
--   auth.0002_alter_permission_name_max_length
--   auth.0003_alter_user_email_max_length
--   auth.0004_alter_user_username_opts
--   auth.0005_alter_user_last_login_null
--   auth.0006_require_contenttypes_0002
--   auth.0007_alter_validators_add_error_messages
--   auth.0008_alter_user_username_max_length
--   auth.0009_alter_user_last_name_max_length
--   auth.0010_alter_group_name_max_length
--   auth.0011_update_proxy_permissions
--   auth.0012_alter_user_first_name_max_length
--   identity.0001_initial
--   admin.0001_initial
--   admin.0002_logentry_remove_auto_add
--   admin.0003_logentry_add_action_flag_choices
--   blog.0001_initial
--   sessions.0001_initial

SET NAMES utf8mb4;
SET sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO';
SET time_zone = '+00:00';
SET foreign_key_checks = 1;

-- ---- Migration contenttypes.0001_initial
--      Create model ContentType
--      Alter unique_together for contenttype (1 constraint(s))

-- [1] creates a table
CREATE TABLE `django_content_type` (
  `id` integer AUTO_INCREMENT NOT NULL PRIMARY KEY,
  `name` varchar(100) NOT NULL,
  `app_label` varchar(100) NOT NULL,
  `model` varchar(100) NOT NULL
);

-- [2] in place, no lock (a new table)
ALTER TABLE `django_content_type` ADD CONSTRAINT `django_content_type_app_label_model_76bd3d3b_uniq` UNIQUE (`app_label`, `model`);

-- ---- Migration contenttypes.0002_remove_content_type_name
--      Change Meta options on contenttype
--      Alter field name on contenttype
--      Raw Python operation
--      Remove field name from contenttype

-- [3] in place, no lock (a new table)
ALTER TABLE `django_content_type` MODIFY `name` varchar(100) NULL;

-- [4] python step contenttypes.0002_remove_content_type_name/2: RunPython(RunPython.noop), atomic

-- [5] instant; the values of name are lost
ALTER TABLE `django_content_type` DROP COLUMN `name`;

-- ---- Migration auth.0001_initial
--      Create model Permission
--      Create model Group
--      Create model User

-- [6] creates a table
CREATE TABLE `auth_permission` (
  `id` integer AUTO_INCREMENT NOT NULL PRIMARY KEY,
  `name` varchar(50) NOT NULL,
  `content_type_id` integer NOT NULL,
  `codename` varchar(100) NOT NULL
);

-- [7] creates a table
CREATE TABLE `auth_group` (
  `id` integer AUTO_INCREMENT NOT NULL PRIMARY KEY,
  `name` varchar(80) NOT NULL UNIQUE
);

-- [8] creates a table
CREATE TABLE `auth_group_permissions` (
  `id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY,
  `group_id` integer NOT NULL,
  `permission_id` integer NOT NULL
);

-- [9] in place, no lock (a new table)
ALTER TABLE `auth_permission` ADD CONSTRAINT `auth_permission_content_type_id_codename_01ab375a_uniq` UNIQUE (`content_type_id`, `codename`);

-- [10] copies the table, blocks writes (a new table)
ALTER TABLE `auth_permission` ADD CONSTRAINT `auth_permission_content_type_id_2f476e4b_fk_django_co` FOREIGN KEY (`content_type_id`) REFERENCES `django_content_type` (`id`);

-- [11] in place, no lock (a new table)
ALTER TABLE `auth_group_permissions` ADD CONSTRAINT `auth_group_permissions_group_id_permission_id_0cd325b0_uniq` UNIQUE (`group_id`, `permission_id`);

-- [12] copies the table, blocks writes (a new table)
ALTER TABLE `auth_group_permissions` ADD CONSTRAINT `auth_group_permissions_group_id_b120cbf9_fk_auth_group_id` FOREIGN KEY (`group_id`) REFERENCES `auth_group` (`id`);

-- [13] copies the table, blocks writes (a new table)
ALTER TABLE `auth_group_permissions` ADD CONSTRAINT `auth_group_permissio_permission_id_84c5c92e_fk_auth_perm` FOREIGN KEY (`permission_id`) REFERENCES `auth_permission` (`id`);

-- ---- Migration auth.0002_alter_permission_name_max_length
--      Alter field name on permission

-- [14] copies the table, blocks writes (a new table)
ALTER TABLE `auth_permission` MODIFY `name` varchar(255) NOT NULL;

-- ---- Migration auth.0003_alter_user_email_max_length
--      Alter field email on user

-- ---- Migration auth.0004_alter_user_username_opts
--      Alter field username on user

-- ---- Migration auth.0005_alter_user_last_login_null
--      Alter field last_login on user

-- ---- Migration auth.0006_require_contenttypes_0002

-- ---- Migration auth.0007_alter_validators_add_error_messages
--      Alter field username on user

-- ---- Migration auth.0008_alter_user_username_max_length
--      Alter field username on user

-- ---- Migration auth.0009_alter_user_last_name_max_length
--      Alter field last_name on user

-- ---- Migration auth.0010_alter_group_name_max_length
--      Alter field name on group

-- [15] in place, no lock (a new table)
ALTER TABLE `auth_group` MODIFY `name` varchar(150) NOT NULL;

-- ---- Migration auth.0011_update_proxy_permissions
--      Raw Python operation

-- [16] python step auth.0011_update_proxy_permissions/0: RunPython(update_proxy_model_permissions), atomic

-- ---- Migration auth.0012_alter_user_first_name_max_length
--      Alter field first_name on user

-- ---- Migration identity.0001_initial
--      Create model User
--      Create model LoginEvent
--      Create model Role
--      Create model RoleAssignment
--      Create index identity_user_name_idx on field(s) name of model user
--      Create index identity_user_created_at_idx on field(s) created_at of model user
--      Create index identity_user_is_staff_idx on field(s) is_staff of model user
--      Create index identity_user_is_active_idx on field(s) is_active of model user
--      Create constraint identity_user_email_not_empty on model user
--      Create constraint identity_user_name_not_empty on model user
--      Create index identity_login_created_idx on field(s) created_at of model loginevent
--      Create index identity_login_user_idx on field(s) user, created_at of model loginevent
--      Create index identity_login_ip_idx on field(s) ip_address, created_at of model loginevent
--      Create index identity_login_succeeded_idx on field(s) succeeded, created_at of model loginevent
--      Create constraint identity_role_assignment_user_role_uniq on model roleassignment

-- [17] creates a table
CREATE TABLE `identity_user` (
  `id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY,
  `password` varchar(128) NOT NULL,
  `last_login` datetime(6) NULL,
  `is_superuser` bool NOT NULL,
  `email` varchar(254) COMMENT 'Login name: lower case, domain in punycode' NOT NULL UNIQUE,
  `name` varchar(150) COMMENT 'Name to show, as the person writes it' NOT NULL,
  `is_active` bool COMMENT 'May log in' DEFAULT 1 NOT NULL,
  `is_staff` bool COMMENT 'May use the admin site' DEFAULT 0 NOT NULL,
  `created_at` datetime(6) COMMENT 'UTC' DEFAULT (UTC_TIMESTAMP(6)) NOT NULL
);

-- [18] in place, no lock (a new table)
ALTER TABLE `identity_user` COMMENT = 'People who can log in';

-- [19] creates a table
CREATE TABLE `identity_user_groups` (
  `id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY,
  `user_id` bigint NOT NULL,
  `group_id` integer NOT NULL
);

-- [20] creates a table
CREATE TABLE `identity_user_user_permissions` (
  `id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY,
  `user_id` bigint NOT NULL,
  `permission_id` integer NOT NULL
);

-- [21] creates a table
CREATE TABLE `identity_login_event` (
  `id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY,
  `ip_address` char(39) COMMENT 'IPv4 or IPv6 address of the client' NOT NULL,
  `user_agent` varchar(255) COMMENT 'User-Agent header, cut at 255 characters' DEFAULT '' NOT NULL,
  `succeeded` bool COMMENT 'False: wrong password or inactive user' NOT NULL,
  `created_at` datetime(6) COMMENT 'UTC' DEFAULT (UTC_TIMESTAMP(6)) NOT NULL,
  `user_id` bigint NOT NULL
);

-- [22] in place, no lock (a new table)
ALTER TABLE `identity_login_event` COMMENT = 'Login attempts; grows without end';

-- [23] creates a table
CREATE TABLE `identity_role` (
  `id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY,
  `code` varchar(50) COMMENT 'Stable name that code refers to' NOT NULL UNIQUE,
  `name` varchar(100) NOT NULL,
  `description` varchar(255) DEFAULT '' NOT NULL,
  `created_at` datetime(6) COMMENT 'UTC' DEFAULT (UTC_TIMESTAMP(6)) NOT NULL
);

-- [24] in place, no lock (a new table)
ALTER TABLE `identity_role` COMMENT = 'Roles that users can hold';

-- [25] creates a table
CREATE TABLE `identity_role_assignment` (
  `id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY,
  `created_at` datetime(6) COMMENT 'UTC' DEFAULT (UTC_TIMESTAMP(6)) NOT NULL,
  `assigned_by_id` bigint COMMENT 'User who gave the role' NOT NULL,
  `role_id` bigint NOT NULL,
  `user_id` bigint NOT NULL
);

-- [26] in place, no lock (a new table)
ALTER TABLE `identity_role_assignment` COMMENT = 'Which user holds which role';

-- [27] in place, no lock (a new table)
CREATE INDEX `identity_user_name_idx` ON `identity_user` (`name`);

-- [28] in place, no lock (a new table)
CREATE INDEX `identity_user_created_at_idx` ON `identity_user` (`created_at`);

-- [29] in place, no lock (a new table)
CREATE INDEX `identity_user_is_staff_idx` ON `identity_user` (`is_staff`);

-- [30] in place, no lock (a new table)
CREATE INDEX `identity_user_is_active_idx` ON `identity_user` (`is_active`);

-- [31] copies the table, blocks writes (a new table)
ALTER TABLE `identity_user` ADD CONSTRAINT `identity_user_email_not_empty` CHECK (NOT (`email` = ''));

-- [32] copies the table, blocks writes (a new table)
ALTER TABLE `identity_user` ADD CONSTRAINT `identity_user_name_not_empty` CHECK (NOT (`name` = ''));

-- [33] in place, no lock (a new table)
CREATE INDEX `identity_login_created_idx` ON `identity_login_event` (`created_at`);

-- [34] in place, no lock (a new table)
CREATE INDEX `identity_login_user_idx` ON `identity_login_event` (`user_id`, `created_at`);

-- [35] in place, no lock (a new table)
CREATE INDEX `identity_login_ip_idx` ON `identity_login_event` (`ip_address`, `created_at`);

-- [36] in place, no lock (a new table)
CREATE INDEX `identity_login_succeeded_idx` ON `identity_login_event` (`succeeded`, `created_at`);

-- [37] in place, no lock (a new table)
ALTER TABLE `identity_role_assignment` ADD CONSTRAINT `identity_role_assignment_user_role_uniq` UNIQUE (`user_id`, `role_id`);

-- [38] in place, no lock (a new table)
ALTER TABLE `identity_user_groups` ADD CONSTRAINT `identity_user_groups_user_id_group_id_ece29599_uniq` UNIQUE (`user_id`, `group_id`);

-- [39] copies the table, blocks writes (a new table)
ALTER TABLE `identity_user_groups` ADD CONSTRAINT `identity_user_groups_user_id_f69e0c80_fk_identity_user_id` FOREIGN KEY (`user_id`) REFERENCES `identity_user` (`id`);

-- [40] copies the table, blocks writes (a new table)
ALTER TABLE `identity_user_groups` ADD CONSTRAINT `identity_user_groups_group_id_cdb422da_fk_auth_group_id` FOREIGN KEY (`group_id`) REFERENCES `auth_group` (`id`);

-- [41] in place, no lock (a new table)
ALTER TABLE `identity_user_user_permissions` ADD CONSTRAINT `identity_user_user_permi_user_id_permission_id_1becc26c_uniq` UNIQUE (`user_id`, `permission_id`);

-- [42] copies the table, blocks writes (a new table)
ALTER TABLE `identity_user_user_permissions` ADD CONSTRAINT `identity_user_user_p_user_id_a626cb1f_fk_identity_` FOREIGN KEY (`user_id`) REFERENCES `identity_user` (`id`);

-- [43] copies the table, blocks writes (a new table)
ALTER TABLE `identity_user_user_permissions` ADD CONSTRAINT `identity_user_user_p_permission_id_c8f2cf2f_fk_auth_perm` FOREIGN KEY (`permission_id`) REFERENCES `auth_permission` (`id`);

-- [44] copies the table, blocks writes (a new table)
ALTER TABLE `identity_login_event` ADD CONSTRAINT `identity_login_event_user_id_2d579cc2_fk_identity_user_id` FOREIGN KEY (`user_id`) REFERENCES `identity_user` (`id`);

-- [45] copies the table, blocks writes (a new table)
ALTER TABLE `identity_role` ADD CONSTRAINT `identity_role_code_not_empty` CHECK (NOT (`code` = ''));

-- [46] copies the table, blocks writes (a new table)
ALTER TABLE `identity_role_assignment` ADD CONSTRAINT `identity_role_assign_assigned_by_id_7b00b4da_fk_identity_` FOREIGN KEY (`assigned_by_id`) REFERENCES `identity_user` (`id`);

-- [47] copies the table, blocks writes (a new table)
ALTER TABLE `identity_role_assignment` ADD CONSTRAINT `identity_role_assignment_role_id_1e9f3d04_fk_identity_role_id` FOREIGN KEY (`role_id`) REFERENCES `identity_role` (`id`);

-- [48] copies the table, blocks writes (a new table)
ALTER TABLE `identity_role_assignment` ADD CONSTRAINT `identity_role_assignment_user_id_85f526d1_fk_identity_user_id` FOREIGN KEY (`user_id`) REFERENCES `identity_user` (`id`);

-- ---- Migration admin.0001_initial
--      Create model LogEntry

-- [49] creates a table
CREATE TABLE `django_admin_log` (
  `id` integer AUTO_INCREMENT NOT NULL PRIMARY KEY,
  `action_time` datetime(6) NOT NULL,
  `object_id` longtext NULL,
  `object_repr` varchar(200) NOT NULL,
  `action_flag` smallint UNSIGNED NOT NULL CHECK (`action_flag` >= 0),
  `change_message` longtext NOT NULL,
  `content_type_id` integer NULL,
  `user_id` bigint NOT NULL
);

-- [50] copies the table, blocks writes (a new table)
ALTER TABLE `django_admin_log` ADD CONSTRAINT `django_admin_log_content_type_id_c4bce8eb_fk_django_co` FOREIGN KEY (`content_type_id`) REFERENCES `django_content_type` (`id`);

-- [51] copies the table, blocks writes (a new table)
ALTER TABLE `django_admin_log` ADD CONSTRAINT `django_admin_log_user_id_c564eba6_fk_identity_user_id` FOREIGN KEY (`user_id`) REFERENCES `identity_user` (`id`);

-- ---- Migration admin.0002_logentry_remove_auto_add
--      Alter field action_time on logentry

-- ---- Migration admin.0003_logentry_add_action_flag_choices
--      Alter field action_flag on logentry

-- ---- Migration blog.0001_initial
--      Create model Category
--      Create model Post
--      Create model Tag
--      Create model PostTag
--      Add field tags to post
--      Create model Comment
--      Create index blog_post_tag_tag_post_idx on field(s) tag, post of model posttag
--      Create constraint blog_post_tag_post_tag_uniq on model posttag
--      Create index blog_post_status_published_idx on field(s) status, published_at of model post
--      Create index blog_post_status_category_idx on field(s) status, category, published_at of model post
--      Create index blog_post_status_author_idx on field(s) status, author, published_at of model post
--      Create index blog_post_published_at_idx on field(s) published_at of model post
--      Create index blog_post_created_at_idx on field(s) created_at of model post
--      Create index blog_post_title_idx on field(s) title of model post
--      Create constraint blog_post_published_at_fits_status on model post
--      Create constraint blog_post_slug_not_empty on model post

-- [52] creates a table
CREATE TABLE `blog_category` (
  `id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY,
  `slug` varchar(60) COMMENT 'Name in a URL' NOT NULL UNIQUE,
  `name` varchar(80) NOT NULL UNIQUE,
  `created_at` datetime(6) COMMENT 'UTC' DEFAULT (UTC_TIMESTAMP(6)) NOT NULL
);

-- [53] in place, no lock (a new table)
ALTER TABLE `blog_category` COMMENT = 'Categories: each post is in exactly one';

-- [54] creates a table
CREATE TABLE `blog_post` (
  `id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY,
  `slug` varchar(120) COMMENT 'Name in a URL' NOT NULL UNIQUE,
  `title` varchar(200) NOT NULL,
  `body` longtext NOT NULL,
  `status` varchar(10) COMMENT 'draft, published or archived' DEFAULT 'draft' NOT NULL,
  `published_at` datetime(6) COMMENT 'UTC; NULL exactly while the post is a draft' NULL,
  `created_at` datetime(6) COMMENT 'UTC' DEFAULT (UTC_TIMESTAMP(6)) NOT NULL,
  `updated_at` datetime(6) COMMENT 'UTC' DEFAULT (UTC_TIMESTAMP(6)) NOT NULL,
  `author_id` bigint NOT NULL,
  `category_id` bigint NOT NULL
);

-- [55] in place, no lock (a new table)
ALTER TABLE `blog_post` COMMENT = 'Articles';

-- [56] creates a table
CREATE TABLE `blog_tag` (
  `id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY,
  `slug` varchar(60) COMMENT 'Name in a URL' NOT NULL UNIQUE,
  `name` varchar(60) NOT NULL UNIQUE,
  `created_at` datetime(6) COMMENT 'UTC' DEFAULT (UTC_TIMESTAMP(6)) NOT NULL
);

-- [57] in place, no lock (a new table)
ALTER TABLE `blog_tag` COMMENT = 'Tags: a post has any number of them';

-- [58] creates a table
CREATE TABLE `blog_post_tag` (
  `id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY,
  `post_id` bigint NOT NULL,
  `tag_id` bigint NOT NULL
);

-- [59] in place, no lock (a new table)
ALTER TABLE `blog_post_tag` COMMENT = 'Which post has which tag';

-- [60] creates a table
CREATE TABLE `blog_comment` (
  `id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY,
  `body` varchar(2000) NOT NULL,
  `status` varchar(10) COMMENT 'pending, approved or rejected' DEFAULT 'pending' NOT NULL,
  `created_at` datetime(6) COMMENT 'UTC' DEFAULT (UTC_TIMESTAMP(6)) NOT NULL,
  `author_id` bigint NOT NULL,
  `post_id` bigint NOT NULL
);

-- [61] in place, no lock (a new table)
ALTER TABLE `blog_comment` COMMENT = 'Comments on posts, moderated';

-- [62] in place, no lock (a new table)
CREATE INDEX `blog_post_tag_tag_post_idx` ON `blog_post_tag` (`tag_id`, `post_id`);

-- [63] in place, no lock (a new table)
ALTER TABLE `blog_post_tag` ADD CONSTRAINT `blog_post_tag_post_tag_uniq` UNIQUE (`post_id`, `tag_id`);

-- [64] in place, no lock (a new table)
CREATE INDEX `blog_post_status_published_idx` ON `blog_post` (`status`, `published_at`);

-- [65] in place, no lock (a new table)
CREATE INDEX `blog_post_status_category_idx` ON `blog_post` (`status`, `category_id`, `published_at`);

-- [66] in place, no lock (a new table)
CREATE INDEX `blog_post_status_author_idx` ON `blog_post` (`status`, `author_id`, `published_at`);

-- [67] in place, no lock (a new table)
CREATE INDEX `blog_post_published_at_idx` ON `blog_post` (`published_at`);

-- [68] in place, no lock (a new table)
CREATE INDEX `blog_post_created_at_idx` ON `blog_post` (`created_at`);

-- [69] in place, no lock (a new table)
CREATE INDEX `blog_post_title_idx` ON `blog_post` (`title`);

-- [70] copies the table, blocks writes (a new table)
ALTER TABLE `blog_post` ADD CONSTRAINT `blog_post_published_at_fits_status` CHECK (((`published_at` IS NULL AND `status` = 'draft') OR (`published_at` IS NOT NULL AND `status` IN ('published', 'archived'))));

-- [71] copies the table, blocks writes (a new table)
ALTER TABLE `blog_post` ADD CONSTRAINT `blog_post_slug_not_empty` CHECK (NOT (`slug` = ''));

-- [72] copies the table, blocks writes (a new table)
ALTER TABLE `blog_category` ADD CONSTRAINT `blog_category_slug_not_empty` CHECK (NOT (`slug` = ''));

-- [73] copies the table, blocks writes (a new table)
ALTER TABLE `blog_post` ADD CONSTRAINT `blog_post_author_id_dd7a8485_fk_identity_user_id` FOREIGN KEY (`author_id`) REFERENCES `identity_user` (`id`);

-- [74] copies the table, blocks writes (a new table)
ALTER TABLE `blog_post` ADD CONSTRAINT `blog_post_category_id_c326dbf8_fk_blog_category_id` FOREIGN KEY (`category_id`) REFERENCES `blog_category` (`id`);

-- [75] copies the table, blocks writes (a new table)
ALTER TABLE `blog_tag` ADD CONSTRAINT `blog_tag_slug_not_empty` CHECK (NOT (`slug` = ''));

-- [76] copies the table, blocks writes (a new table)
ALTER TABLE `blog_post_tag` ADD CONSTRAINT `blog_post_tag_post_id_a5c00319_fk_blog_post_id` FOREIGN KEY (`post_id`) REFERENCES `blog_post` (`id`);

-- [77] copies the table, blocks writes (a new table)
ALTER TABLE `blog_post_tag` ADD CONSTRAINT `blog_post_tag_tag_id_2bbd31e4_fk_blog_tag_id` FOREIGN KEY (`tag_id`) REFERENCES `blog_tag` (`id`);

-- [78] copies the table, blocks writes (a new table)
ALTER TABLE `blog_comment` ADD CONSTRAINT `blog_comment_author_id_4f11e2e0_fk_identity_user_id` FOREIGN KEY (`author_id`) REFERENCES `identity_user` (`id`);

-- [79] copies the table, blocks writes (a new table)
ALTER TABLE `blog_comment` ADD CONSTRAINT `blog_comment_post_id_580e96ef_fk_blog_post_id` FOREIGN KEY (`post_id`) REFERENCES `blog_post` (`id`);

-- [80] copies the table, blocks writes (a new table)
ALTER TABLE `blog_comment` ADD CONSTRAINT `blog_comment_status_known` CHECK (`status` IN ('pending', 'approved', 'rejected'));

-- [81] copies the table, blocks writes (a new table)
ALTER TABLE `blog_comment` ADD CONSTRAINT `blog_comment_body_not_empty` CHECK (NOT (`body` = ''));

-- [82] in place, no lock (a new table)
CREATE INDEX `blog_comment_post_status_idx` ON `blog_comment` (`post_id`, `status`, `created_at`);

-- [83] in place, no lock (a new table)
CREATE INDEX `blog_comment_status_idx` ON `blog_comment` (`status`, `created_at`);

-- [84] in place, no lock (a new table)
CREATE INDEX `blog_comment_created_at_idx` ON `blog_comment` (`created_at`);

-- ---- Migration sessions.0001_initial
--      Create model Session

-- [85] creates a table
CREATE TABLE `django_session` (
  `session_key` varchar(40) NOT NULL PRIMARY KEY,
  `session_data` longtext NOT NULL,
  `expire_date` datetime(6) NOT NULL
);

-- [86] in place, no lock (a new table)
CREATE INDEX `django_session_expire_date_a5c62663` ON `django_session` (`expire_date`);
