// drizzle-orm's migrator and nothing else, as its documentation shows it.
//
//     node drizzle_migrate.mjs FOLDER '{"socketPath": "…", "user": "…", "database": "…"}'
//
// Without arguments it only starts. The password is MYSQL_PWD of the environment.
import { drizzle } from "drizzle-orm/mysql2";
import { migrate } from "drizzle-orm/mysql2/migrator";
import { createConnection } from "mysql2/promise";

const [folder, connect] = process.argv.slice(2);
if (folder) {
  const given = { ...JSON.parse(connect), password: process.env.MYSQL_PWD };
  const connection = await createConnection(given);
  await migrate(drizzle(connection), { migrationsFolder: folder });
  await connection.end();
}
