// The one file that names SQLite.
#include <sqlite3.h>

#include "experiments/output/output_error.h"
#include "experiments/output/output_target.h"
#include "experiments/output/temporary_file.h"
#include "experiments/sweep/merge.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

const char* type_of(ColumnType type) {
    switch (type) {
        case ColumnType::integer: return "INTEGER";
        case ColumnType::real: return "REAL";
        case ColumnType::word: return "TEXT";
    }
    return "";
}

// Without a journal and in one transaction, so that the same rows make the same bytes (of one
// version of SQLite).
class SqliteTable final : public TableSink {
  public:
    explicit SqliteTable(const std::string& path)
        : path_(output_target(path).path), file_(path_) {
        check(sqlite3_open(file_.path().c_str(), &database_));
        run("PRAGMA journal_mode = OFF");
        run("PRAGMA synchronous = OFF");
        run("BEGIN");
        run(create_statement());
        check(sqlite3_prepare_v2(database_, insert_statement().c_str(), -1, &insert_, nullptr));
    }
    ~SqliteTable() override {
        sqlite3_finalize(insert_);
        sqlite3_close(database_);
    }
    SqliteTable(const SqliteTable&) = delete;
    SqliteTable& operator=(const SqliteTable&) = delete;

    // A column's affinity makes a number of its text, exactly as CSV says it.
    void add(const std::vector<std::string>& fields) override {
        for (std::size_t i = 0; i < fields.size(); ++i) {
            const int at = static_cast<int>(i) + 1;
            const auto size = static_cast<int>(fields[i].size());
            check(fields[i].empty()
                      ? sqlite3_bind_null(insert_, at)
                      : sqlite3_bind_text(insert_, at, fields[i].data(), size, SQLITE_STATIC));
        }
        if (sqlite3_step(insert_) != SQLITE_DONE) fail();
        check(sqlite3_reset(insert_));
    }

    void finish() override {
        run("COMMIT");
        sqlite3_finalize(insert_);
        insert_ = nullptr;
        check(sqlite3_close(database_));
        database_ = nullptr;
        file_.put_in_place();
    }

  private:
    static std::string create_statement() {
        std::string columns;
        for (const StudyColumn& column : study_columns())
            columns +=
                text("{}\"{}\" {}", columns.empty() ? "" : ", ", column.name, type_of(column.type));
        return text("CREATE TABLE points ({})", columns);
    }
    static std::string insert_statement() {
        std::string places;
        for (std::size_t i = 0; i < study_columns().size(); ++i) places += i == 0 ? "?" : ", ?";
        return text("INSERT INTO points VALUES ({})", places);
    }
    void run(const std::string& statement) {
        check(sqlite3_exec(database_, statement.c_str(), nullptr, nullptr, nullptr));
    }
    void check(int code) {
        if (code != SQLITE_OK) fail();
    }
    [[noreturn]] void fail() {
        throw OutputError(text("cannot write '{}': {}", path_, sqlite3_errmsg(database_)));
    }

    std::string path_;
    TemporaryFile file_;
    sqlite3* database_ = nullptr;
    sqlite3_stmt* insert_ = nullptr;
};

}  // namespace

std::unique_ptr<TableSink> sqlite_table(const std::string& path) {
    return std::make_unique<SqliteTable>(path);
}

}  // namespace swaplab
