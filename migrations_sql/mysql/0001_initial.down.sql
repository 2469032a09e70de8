-- SQL migration 0001_initial (down: undoes it)
-- Id: b1cfaad698fc440894233f197e8aaedb
-- Recorded on: MySQL 9.7.4
-- Migrations:
--   sessions.0001_initial
--   blog.0001_initial
--   admin.0003_logentry_add_action_flag_choices
--   admin.0002_logentry_remove_auto_add
--   admin.0001_initial
--   identity.0001_initial
--   auth.0012_alter_user_first_name_max_length
--   auth.0011_update_proxy_permissions
--   auth.0010_alter_group_name_max_length
--   auth.0009_alter_user_last_name_max_length
--   auth.0008_alter_user_username_max_length
--   auth.0007_alter_validators_add_error_messages
--   auth.0006_require_contenttypes_0002
--   auth.0005_alter_user_last_login_null
--   auth.0004_alter_user_username_opts
--   auth.0003_alter_user_email_max_length
--   auth.0002_alter_permission_name_max_length
--   auth.0001_initial
--   contenttypes.0002_remove_content_type_name
--   contenttypes.0001_initial

SET NAMES utf8mb4;
SET sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO';
SET time_zone = '+00:00';
SET foreign_key_checks = 1;

-- ---- Migration sessions.0001_initial
--      Undo: Create model Session

-- [1] drops a table: its rows are lost
DROP TABLE `django_session` CASCADE;

-- ---- Migration blog.0001_initial
--      Undo: Create constraint blog_post_slug_not_empty on model post
--      Undo: Create constraint blog_post_published_at_fits_status on model post
--      Undo: Create index blog_post_title_idx on field(s) title of model post
--      Undo: Create index blog_post_created_at_idx on field(s) created_at of model post
--      Undo: Create index blog_post_published_at_idx on field(s) published_at of model post
--      Undo: Create index blog_post_status_author_idx on field(s) status, author, published_at of model post
--      Undo: Create index blog_post_status_category_idx on field(s) status, category, published_at of model post
--      Undo: Create index blog_post_status_published_idx on field(s) status, published_at of model post
--      Undo: Create constraint blog_post_tag_post_tag_uniq on model posttag
--      Undo: Create index blog_post_tag_tag_post_idx on field(s) tag, post of model posttag
--      Undo: Create model Comment
--      Undo: Add field tags to post
--      Undo: Create model PostTag
--      Undo: Create model Tag
--      Undo: Create model Post
--      Undo: Create model Category

-- [2] instant
ALTER TABLE `blog_post` DROP CHECK `blog_post_slug_not_empty`;

-- [3] instant
ALTER TABLE `blog_post` DROP CHECK `blog_post_published_at_fits_status`;

-- [4] in place, no lock
DROP INDEX `blog_post_title_idx` ON `blog_post`;

-- [5] in place, no lock
DROP INDEX `blog_post_created_at_idx` ON `blog_post`;

-- [6] in place, no lock
DROP INDEX `blog_post_published_at_idx` ON `blog_post`;

-- [7] in place, no lock
DROP INDEX `blog_post_status_author_idx` ON `blog_post`;

-- [8] in place, no lock
DROP INDEX `blog_post_status_category_idx` ON `blog_post`;

-- [9] in place, no lock
DROP INDEX `blog_post_status_published_idx` ON `blog_post`;

-- [10] in place, no lock
CREATE INDEX `blog_post_tag_post_id_a5c00319` ON `blog_post_tag` (`post_id`);

-- [11] in place, no lock
ALTER TABLE `blog_post_tag` DROP INDEX `blog_post_tag_post_tag_uniq`;

-- [12] in place, no lock
CREATE INDEX `blog_post_tag_tag_id_2bbd31e4` ON `blog_post_tag` (`tag_id`);

-- [13] in place, no lock
DROP INDEX `blog_post_tag_tag_post_idx` ON `blog_post_tag`;

-- [14] drops a table: its rows are lost
DROP TABLE `blog_comment` CASCADE;

-- [15] drops a table: its rows are lost
DROP TABLE `blog_post_tag` CASCADE;

-- [16] drops a table: its rows are lost
DROP TABLE `blog_tag` CASCADE;

-- [17] drops a table: its rows are lost
DROP TABLE `blog_post` CASCADE;

-- [18] drops a table: its rows are lost
DROP TABLE `blog_category` CASCADE;

-- ---- Migration admin.0003_logentry_add_action_flag_choices
--      Undo: Alter field action_flag on logentry

-- ---- Migration admin.0002_logentry_remove_auto_add
--      Undo: Alter field action_time on logentry

-- ---- Migration admin.0001_initial
--      Undo: Create model LogEntry

-- [19] drops a table: its rows are lost
DROP TABLE `django_admin_log` CASCADE;

-- ---- Migration identity.0001_initial
--      Undo: Create constraint identity_role_assignment_user_role_uniq on model roleassignment
--      Undo: Create index identity_login_succeeded_idx on field(s) succeeded, created_at of model loginevent
--      Undo: Create index identity_login_ip_idx on field(s) ip_address, created_at of model loginevent
--      Undo: Create index identity_login_user_idx on field(s) user, created_at of model loginevent
--      Undo: Create index identity_login_created_idx on field(s) created_at of model loginevent
--      Undo: Create constraint identity_user_name_not_empty on model user
--      Undo: Create constraint identity_user_email_not_empty on model user
--      Undo: Create index identity_user_is_active_idx on field(s) is_active of model user
--      Undo: Create index identity_user_is_staff_idx on field(s) is_staff of model user
--      Undo: Create index identity_user_created_at_idx on field(s) created_at of model user
--      Undo: Create index identity_user_name_idx on field(s) name of model user
--      Undo: Create model RoleAssignment
--      Undo: Create model Role
--      Undo: Create model LoginEvent
--      Undo: Create model User

-- [20] in place, no lock
CREATE INDEX `identity_role_assignment_user_id_85f526d1` ON `identity_role_assignment` (`user_id`);

-- [21] in place, no lock
ALTER TABLE `identity_role_assignment` DROP INDEX `identity_role_assignment_user_role_uniq`;

-- [22] in place, no lock
DROP INDEX `identity_login_succeeded_idx` ON `identity_login_event`;

-- [23] in place, no lock
DROP INDEX `identity_login_ip_idx` ON `identity_login_event`;

-- [24] in place, no lock
CREATE INDEX `identity_login_event_user_id_2d579cc2` ON `identity_login_event` (`user_id`);

-- [25] in place, no lock
DROP INDEX `identity_login_user_idx` ON `identity_login_event`;

-- [26] in place, no lock
DROP INDEX `identity_login_created_idx` ON `identity_login_event`;

-- [27] instant
ALTER TABLE `identity_user` DROP CHECK `identity_user_name_not_empty`;

-- [28] instant
ALTER TABLE `identity_user` DROP CHECK `identity_user_email_not_empty`;

-- [29] in place, no lock
DROP INDEX `identity_user_is_active_idx` ON `identity_user`;

-- [30] in place, no lock
DROP INDEX `identity_user_is_staff_idx` ON `identity_user`;

-- [31] in place, no lock
DROP INDEX `identity_user_created_at_idx` ON `identity_user`;

-- [32] in place, no lock
DROP INDEX `identity_user_name_idx` ON `identity_user`;

-- [33] drops a table: its rows are lost
DROP TABLE `identity_role_assignment` CASCADE;

-- [34] drops a table: its rows are lost
DROP TABLE `identity_role` CASCADE;

-- [35] drops a table: its rows are lost
DROP TABLE `identity_login_event` CASCADE;

-- [36] drops a table: its rows are lost
DROP TABLE `identity_user_groups` CASCADE;

-- [37] drops a table: its rows are lost
DROP TABLE `identity_user_user_permissions` CASCADE;

-- [38] drops a table: its rows are lost
DROP TABLE `identity_user` CASCADE;

-- ---- Migration auth.0012_alter_user_first_name_max_length
--      Undo: Alter field first_name on user

-- ---- Migration auth.0011_update_proxy_permissions
--      Undo: Raw Python operation

-- [39] python step auth.0011_update_proxy_permissions/0: RunPython(update_proxy_model_permissions), atomic

-- ---- Migration auth.0010_alter_group_name_max_length
--      Undo: Alter field name on group

-- [40] copies the table, blocks writes
ALTER TABLE `auth_group` MODIFY `name` varchar(80) NOT NULL;

-- ---- Migration auth.0009_alter_user_last_name_max_length
--      Undo: Alter field last_name on user

-- ---- Migration auth.0008_alter_user_username_max_length
--      Undo: Alter field username on user

-- ---- Migration auth.0007_alter_validators_add_error_messages
--      Undo: Alter field username on user

-- ---- Migration auth.0006_require_contenttypes_0002

-- ---- Migration auth.0005_alter_user_last_login_null
--      Undo: Alter field last_login on user

-- ---- Migration auth.0004_alter_user_username_opts
--      Undo: Alter field username on user

-- ---- Migration auth.0003_alter_user_email_max_length
--      Undo: Alter field email on user

-- ---- Migration auth.0002_alter_permission_name_max_length
--      Undo: Alter field name on permission

-- [41] copies the table, blocks writes
ALTER TABLE `auth_permission` MODIFY `name` varchar(50) NOT NULL;

-- ---- Migration auth.0001_initial
--      Undo: Create model User
--      Undo: Create model Group
--      Undo: Create model Permission

-- [42] drops a table: its rows are lost
DROP TABLE `auth_group_permissions` CASCADE;

-- [43] drops a table: its rows are lost
DROP TABLE `auth_group` CASCADE;

-- [44] drops a table: its rows are lost
DROP TABLE `auth_permission` CASCADE;

-- ---- Migration contenttypes.0002_remove_content_type_name
--      Undo: Remove field name from contenttype
--      Undo: Raw Python operation
--      Undo: Alter field name on contenttype
--      Undo: Change Meta options on contenttype

-- [45] instant
ALTER TABLE `django_content_type` ADD COLUMN `name` varchar(100) NULL;

-- [46] python step contenttypes.0002_remove_content_type_name/2: RunPython(RunPython.noop), atomic

-- [47] in place, no lock
ALTER TABLE `django_content_type` MODIFY `name` varchar(100) NOT NULL;

-- ---- Migration contenttypes.0001_initial
--      Undo: Alter unique_together for contenttype (1 constraint(s))
--      Undo: Create model ContentType

-- [48] in place, no lock
ALTER TABLE `django_content_type` DROP INDEX `django_content_type_app_label_model_76bd3d3b_uniq`;

-- [49] drops a table: its rows are lost
DROP TABLE `django_content_type` CASCADE;
