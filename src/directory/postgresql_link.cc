#include "directory/postgresql_link.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>

namespace posthorn::directory {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Answer = std::unique_ptr<PGresult, Clear>;

/// The first line of what libpq says, which ends in a line feed.
std::string first_line(const char* said) {
  const std::string_view text(said);
  return std::string(text.substr(0, text.find('\n')));
}

}  // namespace

void PostgresqlLink::Finish::operator()(pg_conn* connection) const { PQfinish(connection); }

PostgresqlLink::PostgresqlLink(std::string connection, SqlOptions options, milliseconds timeout)
    : SqlLink(std::move(options)), connection_(std::move(connection)), timeout_(timeout) {}

PostgresqlLink::~PostgresqlLink() = default;

std::unexpected<Error> PostgresqlLink::trouble(std::string_view what) const {
  return fail(ErrorKind::unavailable, std::string(what),
              server_ ? first_line(PQerrorMessage(server_.get())) : "");
}

Status PostgresqlLink::wait_for(short events) const {
  const auto left =
      std::chrono::duration_cast<milliseconds>(deadline_ - steady_clock::now()).count();
  pollfd ready{PQsocket(server_.get()), events, 0};
  if (ready.fd < 0) return trouble("the connection is lost");
  if (left <= 0 || ::poll(&ready, 1, static_cast<int>(left)) <= 0)
    return fail(ErrorKind::unavailable, "the database does not answer in time");
  return {};
}

Status PostgresqlLink::connect() {
  if (server_ && PQstatus(server_.get()) == CONNECTION_OK) return {};
  server_.reset(PQconnectStart(connection_.c_str()));
  if (!server_) return fail(ErrorKind::unavailable, "there is not enough memory");
  if (PQstatus(server_.get()) == CONNECTION_BAD) return trouble("the database cannot be reached");
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  while (next != PGRES_POLLING_OK) {
    if (next == PGRES_POLLING_FAILED) return trouble("the database cannot be reached");
    const short events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (Status ready = wait_for(events); !ready) return ready;
    next = PQconnectPoll(server_.get());
  }
  // Notices would go to standard error.
  PQsetNoticeProcessor(server_.get(), [](void*, const char*) {}, nullptr);
  return {};
}

Status PostgresqlLink::read_all(Rows& rows, std::size_t most) {
  while (true) {
    while (PQisBusy(server_.get()) != 0) {
      if (Status ready = wait_for(POLLIN); !ready) return ready;
      if (PQconsumeInput(server_.get()) == 0) return trouble("the connection is lost");
    }
    const Answer answer(PQgetResult(server_.get()));
    if (!answer) return {};
    const ExecStatusType status = PQresultStatus(answer.get());
    if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK)
      return fail(ErrorKind::unavailable, "a query failed",
                  first_line(PQresultErrorMessage(answer.get())));
    const int columns = PQnfields(answer.get());
    if (rows.columns.empty())
      for (int i = 0; i < columns; ++i) rows.columns.emplace_back(PQfname(answer.get(), i));
    for (int tuple = 0; tuple < PQntuples(answer.get()); ++tuple) {
      auto& row = rows.rows.emplace_back();
      for (int i = 0; i < columns; ++i) {
        auto& value = row.emplace_back();
        if (PQgetisnull(answer.get(), tuple, i) == 0)
          value.emplace(PQgetvalue(answer.get(), tuple, i),
                        static_cast<std::size_t>(PQgetlength(answer.get(), tuple, i)));
      }
    }
    if (rows.rows.size() > most) {
      // The rest is not wanted, and would come before the next answer.
      server_.reset();
      return {};
    }
  }
}

Result<SqlLink::Rows> PostgresqlLink::select(const std::string& text, const Asked& asked,
                                             std::size_t most) {
  deadline_ = steady_clock::now() + timeout_;
  if (Status connected = connect(); !connected) return pass(connected);
  const SqlQuery query = make_query(text, asked, '$');
  std::vector<const char*> parameters;
  // NUL ends a parameter, and no name contains it.
  for (const std::string& parameter : query.parameters) parameters.push_back(parameter.c_str());
  if (PQsendQueryParams(server_.get(), query.text.c_str(), static_cast<int>(parameters.size()),
                        nullptr, parameters.data(), nullptr, nullptr, 0) == 0)
    return trouble("the connection is lost");
  PQsetSingleRowMode(server_.get());
  Rows rows;
  Status read = read_all(rows, most);
  if (!read) {
    server_.reset();
    return pass(read);
  }
  return rows;
}

Status check_connection_string(const std::string& connection) {
  char* why = nullptr;
  PQconninfoOption* const parsed = PQconninfoParse(connection.c_str(), &why);
  PQconninfoFree(parsed);
  // What it says may repeat a part of a password.
  PQfreemem(why);
  if (parsed != nullptr) return {};
  return fail(ErrorKind::bad_argument, "is not a connection string of PostgreSQL");
}

}  // namespace posthorn::directory
