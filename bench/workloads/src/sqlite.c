/* SQLite, linked in: a table and its indexes in memory, inserts, joins, aggregates, updates, text search. */
#include "axbench.h"

#include "sqlite3.h"

static sqlite3 *db;

static void check(int status) {
	if (status != SQLITE_OK && status != SQLITE_DONE && status != SQLITE_ROW) {
		fprintf(stderr, "sqlite: %s\n", sqlite3_errmsg(db));
		exit(1);
	}
}

static int print_row(void *unused, int n, char **values, char **names) {
	(void)unused;
	(void)names;
	for (int i = 0; i < n; i++)
		printf("%s%s", i ? "|" : "", values[i] ? values[i] : "NULL");
	printf("\n");
	return 0;
}

static void sql(const char *text) {
	check(sqlite3_exec(db, text, print_row, NULL, NULL));
}

static void fill(void) {
	static const char *const words[] = {"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"};
	sqlite3_stmt *insert;
	uint64_t state = 31;
	char text[64];
	sql("CREATE TABLE item(id INTEGER PRIMARY KEY, owner INTEGER, size INTEGER, name TEXT);"
	    "CREATE INDEX item_owner ON item(owner); CREATE INDEX item_name ON item(name);"
	    "CREATE TABLE owner(id INTEGER PRIMARY KEY, name TEXT); BEGIN;");
	check(sqlite3_prepare_v2(db, "INSERT INTO item(owner, size, name) VALUES(?, ?, ?)", -1, &insert, NULL));
	for (int i = 0; i < 20000; i++) {
		uint64_t r = rng(&state) >> 8;
		snprintf(text, sizeof text, "%s-%s-%u", words[r & 7], words[r >> 3 & 7], (unsigned)(r >> 20 & 0xffff));
		sqlite3_bind_int(insert, 1, (int)(r >> 6 & 511));
		sqlite3_bind_int64(insert, 2, (int64_t)(r >> 36));
		sqlite3_bind_text(insert, 3, text, -1, SQLITE_TRANSIENT);
		check(sqlite3_step(insert));
		check(sqlite3_reset(insert));
	}
	check(sqlite3_finalize(insert));
	check(sqlite3_prepare_v2(db, "INSERT INTO owner VALUES(?, ?)", -1, &insert, NULL));
	for (int i = 0; i < 512; i++) {
		snprintf(text, sizeof text, "%s %d", words[i & 7], i * 7919 % 512);
		sqlite3_bind_int(insert, 1, i);
		sqlite3_bind_text(insert, 2, text, -1, SQLITE_TRANSIENT);
		check(sqlite3_step(insert));
		check(sqlite3_reset(insert));
	}
	check(sqlite3_finalize(insert));
	sql("COMMIT");
}

int main(void) {
	check(sqlite3_open(":memory:", &db));
	fill();
	sql("SELECT count(*), sum(size), min(name), max(name) FROM item");
	sql("SELECT o.name, count(*), sum(i.size) FROM item i JOIN owner o ON o.id = i.owner "
	    "GROUP BY o.name ORDER BY 3 DESC, 1 LIMIT 20");
	sql("SELECT substr(name, 1, instr(name, '-') - 1) AS word, count(*), max(length(name)) FROM item GROUP BY word ORDER BY word");
	sql("SELECT count(*) FROM item WHERE name LIKE '%eta-ga%7'");
	sql("UPDATE item SET size = size % 100003 WHERE owner % 3 = 1; DELETE FROM item WHERE id % 11 = 5;");
	sql("SELECT count(*), sum(size), sum(length(upper(name))) FROM item");
	sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
	    "SELECT sum(i * i % 1009) FROM n");
	sql("SELECT a.id, b.id FROM item a JOIN item b ON a.name = b.name AND a.id < b.id ORDER BY 1, 2 LIMIT 10");
	check(sqlite3_close(db));
	return 0;
}
