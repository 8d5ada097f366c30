#include "admin/admin_server.h"

#include <memory>
#include <optional>

#include "admin/audit.h"
#include "admin/json_channel.h"
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

async::Task<Status> serve_one(JsonChannel& channel, LocalAdmin& admin, Json request) {
  std::optional<Act> act = act_of(request);
  const bool has_octets = request.contains("octets");
  const std::unique_ptr<OctetSource> octets =
      channel.octets(has_octets ? number_of(request, "octets") : 0);
  Result<Answer> answer = Answer{};
  if (has_octets) {
    answer = co_await admin.call(std::move(request), *octets);
  } else {
    answer = co_await admin.call(std::move(request));
  }
  if (act) {
    // The socket is for its owner and root.
    act->uid = channel.stream().peer_user();
    act->session = channel.stream().id();
    act->outcome = outcome_of(answer);
    log_act(*act);
  }
  Status drained = co_await drain(*octets);
  if (!drained) co_return drained;
  if (!answer) co_return co_await channel.write(error_to_json(answer.error()));
  co_return co_await channel.write(std::move(*answer));
}

async::Task<void> serve(store::Store& store, LocalAdmin::Options options, net::Stream& stream) {
  options.session = stream.id();
  LocalAdmin admin(store, std::move(options));
  JsonChannel channel(stream);
  while (true) {
    auto request = co_await channel.read();
    if (!request) break;
    Status served = co_await serve_one(channel, admin, std::move(*request));
    if (!served) {
      log::Event("a request on the admin socket could not be answered")
          .session(stream.id())
          .failure(served.error())
          .write(log::Level::warning);
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
