#include "auth/session_limits.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "async/event.h"
#include "async/loop.h"
#include "auth/peer.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace posthorn::auth {

namespace {

/// Connections of one network, or all.
struct Count {
  std::size_t all = 0;
  std::size_t before_login = 0;
};

/// A session that has logged in.
struct Login {
  SessionLimits::EndSession end;  ///< Only touched on `loop`; null once called or gone.
  LiveSession* live;              ///< Only touched on `loop`; null once gone.
  async::Loop* const loop;        ///< Null if it was admitted on none, as in tests.
  const std::uint64_t app_password;
  std::optional<async::Timer> expiry = {};  ///< Only touched on `loop`; see Identity::expires.
};

/// Ends the session when its token has expired. Called on the session's loop.
void end_in_time(Login& login, const std::optional<std::int64_t>& expires) {
  // Nobody stays for as long as a timer can wait.
  constexpr std::int64_t kLongest = std::int64_t{300} * 24 * 3600;
  if (!expires || login.loop == nullptr || login.live == nullptr) return;
  const std::int64_t left = *expires - system_clock().now().seconds;
  if (left > kLongest) return;
  login.expiry.emplace().set(std::chrono::seconds(std::max<std::int64_t>(left, 0)), [&login] {
    if (login.live != nullptr) login.live->end(SessionLimits::kTokenExpired);
  });
}

using Logins = std::unordered_map<AccountId, std::unordered_set<std::shared_ptr<Login>>>;

void remove_login(Logins& from, const AccountId& account, const std::shared_ptr<Login>& login) {
  const auto at = from.find(account);
  if (at == from.end()) return;
  at->second.erase(login);
  if (at->second.empty()) from.erase(at);
}

/// Returns whether the session was told.
bool tell(const std::shared_ptr<Login>& login) {
  if (login->loop == nullptr) return false;
  login->loop->post([login] {
    if (login->end) std::exchange(login->end, nullptr)();
  });
  return true;
}

}  // namespace

struct SessionLimits::State {
  explicit State(Bounds b) : bounds(b) {}

  [[nodiscard]] Status may_admit(const std::vector<std::string>& from, Client client) const
      POSTHORN_REQUIRES(mutex);
  void add(const std::vector<std::string>& from, Client client) POSTHORN_REQUIRES(mutex);
  void log_in(const std::vector<std::string>& from) POSTHORN_REQUIRES(mutex);
  void log_out(const std::vector<std::string>& from) POSTHORN_REQUIRES(mutex);
  void remove(const std::vector<std::string>& from) POSTHORN_REQUIRES(mutex);

  const Bounds bounds;
  Mutex mutex;
  Count total POSTHORN_GUARDED_BY(mutex);
  std::unordered_map<std::string, Count> networks POSTHORN_GUARDED_BY(mutex);
  Logins users POSTHORN_GUARDED_BY(mutex);
  /// The same sessions by who acts in them, where that is somebody else.
  Logins masters POSTHORN_GUARDED_BY(mutex);
  /// The accounts whose sessions are shown to somebody.
  std::unordered_map<AccountId, SessionLimits::MakeTap> traced POSTHORN_GUARDED_BY(mutex);

  /// Returns the sessions that ran on a loop when this was called.
  std::vector<std::shared_ptr<Login>> logins(const std::optional<AccountId>& account);
};

Status SessionLimits::State::may_admit(const std::vector<std::string>& from, Client client) const {
  const bool before_login = client == Client::must_log_in;
  if (total.all >= bounds.total || (before_login && total.before_login >= bounds.before_login))
    return fail(ErrorKind::limit, "Too many connections; please try again later");
  std::size_t times = 1;
  for (const std::string& network : from) {
    const auto at = networks.find(network);
    const Count count = at == networks.end() ? Count{} : at->second;
    if (count.all >= times * bounds.per_network ||
        (before_login && count.before_login >= times * bounds.before_login_per_network))
      return fail(ErrorKind::limit, "Too many connections from your address");
    times *= 2;
  }
  return {};
}

void SessionLimits::State::add(const std::vector<std::string>& from, Client client) {
  const std::size_t waiting = client == Client::must_log_in ? 1 : 0;
  ++total.all;
  total.before_login += waiting;
  for (const std::string& network : from) {
    Count& count = networks[network];
    ++count.all;
    count.before_login += waiting;
  }
}

void SessionLimits::State::log_in(const std::vector<std::string>& from) {
  --total.before_login;
  for (const std::string& network : from) --networks.at(network).before_login;
}

void SessionLimits::State::log_out(const std::vector<std::string>& from) {
  ++total.before_login;
  for (const std::string& network : from) ++networks.at(network).before_login;
}

std::vector<std::shared_ptr<Login>> SessionLimits::State::logins(
    const std::optional<AccountId>& account) {
  std::vector<std::shared_ptr<Login>> found;
  const auto add = [&](const auto& of) {
    for (const auto& login : of)
      if (login->loop != nullptr) found.push_back(login);
  };
  const MutexLock lock(mutex);
  if (!account) {
    for (const auto& [id, of] : users) add(of);
  } else if (const auto at = users.find(*account); at != users.end()) {
    add(at->second);
  }
  // Those of one loop together, so that each loop is entered once.
  std::ranges::sort(found, {}, [](const auto& login) { return login->loop; });
  return found;
}

void SessionLimits::State::remove(const std::vector<std::string>& from) {
  --total.all;
  for (const std::string& network : from) {
    const auto at = networks.find(network);
    if (--at->second.all == 0) networks.erase(at);
  }
}

/// A counted connection.
class SessionLimits::Place {
 public:
  Place(std::shared_ptr<State> state, std::vector<std::string> from, Client client)
      : state_(std::move(state)),
        from_(std::move(from)),
        before_login_(client == Client::must_log_in) {}
  ~Place() {
    const MutexLock lock(state_->mutex);
    if (before_login_) state_->log_in(from_);
    state_->remove(from_);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  void log_in() {
    const MutexLock lock(state_->mutex);
    if (std::exchange(before_login_, false)) state_->log_in(from_);
  }
  void log_out() {
    const MutexLock lock(state_->mutex);
    if (!std::exchange(before_login_, true)) state_->log_out(from_);
  }

 private:
  const std::shared_ptr<State> state_;
  const std::vector<std::string> from_;
  bool before_login_;
};

void SessionLimits::ConnectionSlot::logged_in() {
  if (place_) place_->log_in();
}

void SessionLimits::ConnectionSlot::logged_out() {
  if (place_) place_->log_out();
}

SessionLimits::SessionLimits(Bounds bounds) : state_(std::make_shared<State>(bounds)) {}

Result<SessionLimits::ConnectionSlot> SessionLimits::admit_connection(std::string_view peer,
                                                                      Client client) {
  std::vector<std::string> from;
  if (peer != "unix") from = networks_of(peer);
  // Counted on their own: users behind the same address (webmail) must not stop deliveries.
  if (client == Client::needs_no_login)
    for (std::string& network : from) network.insert(0, "delivery ");
  {
    const MutexLock lock(state_->mutex);
    if (Status may = state_->may_admit(from, client); !may) return pass(may);
    state_->add(from, client);
  }
  return ConnectionSlot(std::make_shared<Place>(state_, std::move(from), client));
}

Result<SessionLimits::Slot> SessionLimits::admit_user(const Identity& identity, EndSession end,
                                                      LiveSession* live) {
  const auto login =
      std::make_shared<Login>(std::move(end), live, async::Loop::current(), identity.app_password);
  const AccountId account = identity.account;
  std::optional<AccountId> master;
  if (identity.master) master = identity.master->account;
  MakeTap make;
  {
    const MutexLock lock(state_->mutex);
    auto& logins = state_->users[account];
    if (logins.size() >= state_->bounds.per_user) {
      if (logins.empty()) state_->users.erase(account);
      return fail(ErrorKind::limit,
                  "Too many connections for this account; close one and try again");
    }
    logins.insert(login);
    if (const auto at = state_->traced.find(account); at != state_->traced.end()) make = at->second;
    if (master) state_->masters[*master].insert(login);
  }
  end_in_time(*login, identity.expires);
  if (make && live != nullptr) live->show_to(make(live->view()));
  // The pointer itself is null; only its deleter is used.
  return Slot(std::shared_ptr<void>(nullptr, [state = state_, account, master, login](void*) {
    login->end = nullptr;
    login->live = nullptr;
    login->expiry.reset();
    const MutexLock lock(state->mutex);
    remove_login(state->users, account, login);
    if (master) remove_login(state->masters, *master, login);
  }));
}

std::size_t SessionLimits::end_sessions(const AccountId& account) {
  std::size_t told = 0;
  const MutexLock lock(state_->mutex);
  for (const Logins* logins : {&state_->users, &state_->masters})
    if (const auto at = logins->find(account); at != logins->end())
      for (const auto& login : at->second) told += tell(login) ? 1 : 0;
  return told;
}

std::size_t SessionLimits::end_sessions(const AccountId& account, std::uint64_t app_password) {
  std::size_t told = 0;
  const MutexLock lock(state_->mutex);
  if (const auto at = state_->users.find(account); at != state_->users.end())
    for (const auto& login : at->second)
      if (login->app_password == app_password) told += tell(login) ? 1 : 0;
  return told;
}

async::Task<std::vector<SessionView>> SessionLimits::sessions(std::optional<AccountId> account) {
  async::Loop& caller = *async::Loop::current();
  std::vector<SessionView> views;
  for (const auto& login : state_->logins(account)) {
    co_await login->loop->enter();
    if (login->live != nullptr) views.push_back(login->live->view());
  }
  co_await caller.enter();
  std::ranges::sort(views, {}, &SessionView::session);
  co_return views;
}

async::Task<std::optional<std::string>> SessionLimits::end_session(std::uint64_t session,
                                                                   std::string_view words) {
  async::Loop& caller = *async::Loop::current();
  std::optional<std::string> user;
  for (const auto& login : state_->logins(std::nullopt)) {
    co_await login->loop->enter();
    if (login->live == nullptr) continue;
    const SessionView view = login->live->view();
    if (view.session != session) continue;
    user = view.user;
    login->live->end(words);
    break;
  }
  co_await caller.enter();
  co_return user;
}

std::size_t SessionLimits::end_sessions(const AccountId& account, std::string_view words) {
  const auto logins = state_->logins(account);
  for (const auto& login : logins) {
    login->loop->post([login, words] {
      if (login->live != nullptr) login->live->end(words);
    });
  }
  return logins.size();
}

void SessionLimits::trace(const AccountId& account, MakeTap make) {
  {
    const MutexLock lock(state_->mutex);
    if (make) {
      state_->traced[account] = make;
    } else {
      state_->traced.erase(account);
    }
  }
  for (const auto& login : state_->logins(account)) {
    login->loop->post([login, make] {
      if (login->live == nullptr) return;
      login->live->show_to(make ? make(login->live->view()) : nullptr);
    });
  }
}

std::size_t SessionLimits::logged_in() const {
  std::size_t count = 0;
  const MutexLock lock(state_->mutex);
  for (const auto& [id, logins] : state_->users) count += logins.size();
  return count;
}

std::size_t SessionLimits::connections() const {
  const MutexLock lock(state_->mutex);
  return state_->total.all;
}

std::size_t SessionLimits::connections_of(const AccountId& account) const {
  const MutexLock lock(state_->mutex);
  const auto at = state_->users.find(account);
  return at == state_->users.end() ? 0 : at->second.size();
}

}  // namespace posthorn::auth
