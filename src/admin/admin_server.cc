#include "admin/admin_server.h"

#include <memory>
#include <optional>

#include "admin/json_channel.h"
#include "base/log.h"
#include "base/log_event.h"
#include "base/shared_value.h"
#include "server/frame/connections.h"

namespace posthorn::admin {

struct AdminServer::State {
  explicit State(store::Store& with) : store(with) {}
  store::Store& store;
  SharedValue<LocalAdmin::Options> options;
  server::frame::Connections connections;
};

namespace {

/// Reads and discards octets of a request that were not used.
async::Task<Status> drain(OctetSource& source) {
  while (true) {
    auto portion = co_await source.next();
    if (!portion) co_return pass(portion);
    if (portion->empty()) co_return Status();
  }
}

/// Requests that change something for one message each; an import makes thousands of them.
constexpr std::string_view kUnlogged = "message.append";

/// A request as a line of the log says it.
struct Asked {
  std::string what;
  std::string about;  ///< An account, an alias, a session or a queued message.
};

/// Returns none for requests that only read.
std::optional<Asked> changes(const Json& request) {
  const std::string_view what = text_of(request, "do");
  for (const std::string_view reading : {".list", ".show", ".read", "ping"})
    if (what.ends_with(reading)) return std::nullopt;
  if (what == kUnlogged) return std::nullopt;
  Asked asked{std::string(what), {}};
  for (const std::string_view member : {"name", "alias", "who", "id"})
    if (request.contains(member) && asked.about.empty()) asked.about = text_of(request, member);
  return asked;
}

void log_request(const Asked& asked, const net::Stream& stream, const Status& outcome) {
  log::Event event("admin");
  event.word("do", asked.what);
  // The socket is for its owner and root.
  if (const auto user = stream.peer_user()) event.number("uid", *user);
  event.word("outcome", outcome ? "ok" : name_of(outcome.error().kind));
  event.said("about", asked.about).write(log::Level::info);
}

async::Task<Status> serve_one(JsonChannel& channel, LocalAdmin& admin, Json request) {
  const std::optional<Asked> asked = changes(request);
  const bool has_octets = request.contains("octets");
  const std::unique_ptr<OctetSource> octets =
      channel.octets(has_octets ? number_of(request, "octets") : 0);
  Result<Answer> answer = Answer{};
  if (has_octets) {
    answer = co_await admin.call(std::move(request), *octets);
  } else {
    answer = co_await admin.call(std::move(request));
  }
  if (asked)
    log_request(*asked, channel.stream(),
                answer ? Status() : Status(std::unexpected(answer.error())));
  Status drained = co_await drain(*octets);
  if (!drained) co_return drained;
  if (!answer) co_return co_await channel.write(error_to_json(answer.error()));
  co_return co_await channel.write(std::move(*answer));
}

async::Task<void> serve(store::Store& store, LocalAdmin::Options options, net::Stream& stream) {
  LocalAdmin admin(store, std::move(options));
  JsonChannel channel(stream);
  while (true) {
    auto request = co_await channel.read();
    if (!request) break;
    Status served = co_await serve_one(channel, admin, std::move(*request));
    if (!served) {
      log::warning("admin socket: {}", served.error().text);
      break;
    }
  }
}

}  // namespace

AdminServer::AdminServer(store::Store& store, LocalAdmin::Options options)
    : state_(std::make_shared<State>(store)) {
  set_options(std::move(options));
}

AdminServer::~AdminServer() = default;

void AdminServer::set_options(LocalAdmin::Options options) {
  state_->options.store(std::make_shared<const LocalAdmin::Options>(std::move(options)));
}

void AdminServer::accept(std::unique_ptr<net::Stream> stream) {
  State& state = *state_;
  state.connections.start(std::move(stream), [&state](net::Stream& s) {
    return serve(state.store, *state.options.load(), s);
  });
}

async::Task<void> AdminServer::stop() {
  return state_->connections.stop(std::chrono::milliseconds(0));
}

}  // namespace posthorn::admin
