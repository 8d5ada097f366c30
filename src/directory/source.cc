#include "directory/source.h"

#include <algorithm>

#include "async/event.h"
#include "auth/crypto.h"
#include "base/log.h"

namespace posthorn::directory {

using std::chrono::steady_clock;

namespace {

/// After two failures in a row, nobody waits for the next ones.
constexpr std::chrono::seconds kRest{1};
constexpr std::chrono::minutes kComplainAgain{1};
constexpr std::size_t kTimes = 32;
/// What checking a password takes before the first one was checked.
constexpr std::chrono::milliseconds kUsualTime{5};

std::unexpected<Error> cannot_be_asked(const Error& error) {
  return fail(ErrorKind::unavailable,
              "The directory of users cannot be asked at the moment; please try again later",
              error.cause.empty() ? error.text : fmt::format("{}: {}", error.text, error.cause));
}

bool is_nothing(const EntryPtr& entry) { return entry == nullptr; }
bool is_nothing(const Source::Targets& targets) { return targets.empty(); }
bool is_nothing(bool known) { return !known; }

/// Takes the same time wherever they differ.
bool are_equal(const auth::Secret& a, const auth::Secret& b) {
  const auth::Hash left = auth::sha256(a.reveal());
  const auth::Hash right = auth::sha256(b.reveal());
  unsigned different = 0;
  for (std::size_t i = 0; i < left.size(); ++i)
    different |= static_cast<unsigned>(left[i]) ^ static_cast<unsigned>(right[i]);
  return different == 0;
}

}  // namespace

Source::Source(SourceOptions options, std::function<LinkPtr()> connect, const Clock& clock)
    : options_(std::move(options)),
      connect_(std::move(connect)),
      users_({options_.cache_entries, options_.cache_time, options_.negative_cache_time}, clock),
      aliases_({options_.cache_entries, options_.cache_time, options_.negative_cache_time}, clock),
      domains_({options_.cache_entries, options_.cache_time, options_.negative_cache_time}, clock),
      workers_({.threads = options_.connections,
                .waiting = 64 * options_.connections,
                .patience = options_.timeout}) {}

template <class T>
Result<T> Source::with_link(const std::function<Result<T>(Link&)>& call) {
  LinkPtr link;
  {
    const MutexLock lock(mutex_);
    if (!free_.empty()) {
      link = std::move(free_.back());
      free_.pop_back();
    }
  }
  const bool was_used = link != nullptr;
  if (!was_used) link = connect_();
  Result<T> result = call(*link);
  const auto is_lost = [&result] {
    return !result && result.error().kind == ErrorKind::unavailable;
  };
  if (was_used && is_lost()) {
    // The directory may have been restarted, which has ended the other connections too.
    std::vector<LinkPtr> old;
    {
      const MutexLock lock(mutex_);
      std::swap(old, free_);
    }
    old.clear();
    link = connect_();
    result = call(*link);
  }
  if (!is_lost()) {
    const MutexLock lock(mutex_);
    free_.push_back(std::move(link));
  }
  return result;
}

template <class T>
async::Task<Result<T>> Source::ask(std::function<Result<T>(Link&)> call) {
  if (rests()) {
    numbers_.unavailable.add();
    co_return cannot_be_asked({ErrorKind::unavailable, "it did not answer a moment ago"});
  }
  auto result = co_await workers_.run<T>([this, call = std::move(call)] {
    const auto began = steady_clock::now();
    auto answer = with_link<T>(call);
    // Also when nobody waits for it any more.
    if (answer || answer.error().kind != ErrorKind::unavailable) {
      numbers_.took.add(steady_clock::now() - began);
      note_state(nullptr);
    }
    return answer;
  });
  if (result) co_return result;
  Error& error = result.error();
  if (error.kind == ErrorKind::unavailable) {
    numbers_.unavailable.add();
    note_state(&error);
    co_return cannot_be_asked(error);
  }
  numbers_.bad_entries.add();
  const auto cause = std::hash<std::string>()(error.text);
  if (bad_entry_lines_.admit(cause, log::LineLimit::Clock::now()).write)
    log::error("directory {}: {}{}{}", options_.name, error.text, error.cause.empty() ? "" : ": ",
               error.cause);
  co_return fail(ErrorKind::unavailable,
                 "The account cannot be looked up at the moment; please try again later",
                 error.text);
}

template <class T>
async::Task<Result<T>> Source::look_up(Cache<T>& cache, std::string name, Age age,
                                       Result<T> (*call)(Link&, const std::string&)) {
  if (age != Age::now) {
    if (auto known = cache.find(name)) {
      numbers_.from_cache.add();
      co_return std::move(*known);
    }
    if (age == Age::remembered) co_return fail(ErrorKind::would_block, "not in the cache");
  }
  const std::uint64_t round = cache.round();
  co_return co_await ask<T>([&cache, name, round, call](Link& link) {
    auto answer = call(link, name);
    if (answer) cache.put(name, *answer, is_nothing(*answer), round);
    return answer;
  });
}

async::Task<Result<EntryPtr>> Source::find_user(std::string name, Age age) {
  auto entry = co_await look_up<EntryPtr>(
      users_, std::move(name), age, [](Link& link, const std::string& asked) -> Result<EntryPtr> {
        auto found = link.find_user(Asked(asked));
        if (!found) return pass(found);
        if (!*found) return EntryPtr();
        return std::make_shared<const Entry>(std::move(**found));
      });
  if (entry) note_hash(*entry);
  co_return entry;
}

async::Task<Result<Source::Targets>> Source::find_alias(std::string name, Age age) {
  co_return co_await look_up<Targets>(
      aliases_, std::move(name), age,
      [](Link& link, const std::string& asked) { return link.find_alias(Asked(asked)); });
}

async::Task<Result<bool>> Source::has_domain(std::string domain) {
  co_return co_await look_up<bool>(
      domains_, std::move(domain), Age::recent,
      [](Link& link, const std::string& asked) { return link.has_domain(asked); });
}

async::Task<Result<bool>> Source::verify(EntryPtr entry,
                                         std::shared_ptr<const auth::Secret> password) {
  // To an LDAP server, a name with an empty password is no login at all, and succeeds (RFC 4513
  // §5.1.2).
  if (password->empty()) co_return false;
  if (const auto* const clear = std::get_if<auth::Secret>(&entry->password))
    co_return are_equal(*clear, *password);
  if (!std::holds_alternative<CheckedThere>(entry->password))
    co_return fail(ErrorKind::server_bug, "The directory does not check this password");
  const auto began = steady_clock::now();
  auto right =
      co_await ask<bool>([entry, password](Link& link) { return link.verify(*entry, *password); });
  if (!right) co_return right;
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - began);
  const MutexLock lock(mutex_);
  if (times_.size() < kTimes) {
    times_.push_back(took);
  } else {
    times_[next_time_++ % kTimes] = took;
  }
  co_return right;
}

async::Task<void> Source::take_as_long() {
  std::chrono::milliseconds time = kUsualTime;
  {
    const MutexLock lock(mutex_);
    if (!times_.empty())
      time = times_[static_cast<unsigned char>(auth::random_bytes(1)[0]) % times_.size()];
  }
  co_await async::sleep_for(time);
}

void Source::forget(std::string_view name) {
  users_.forget([&](const std::string& asked, const EntryPtr& entry) {
    return asked == name || (entry != nullptr && entry->name == name);
  });
  aliases_.forget([&](const std::string& asked, const Targets& targets) {
    return asked == name || std::ranges::find(targets, name) != targets.end();
  });
  // Somebody who asks for this wants to see what the directory says now.
  const std::size_t at = name.rfind('@');
  if (at != std::string_view::npos)
    domains_.forget([&](const std::string& asked, bool) { return asked == name.substr(at + 1); });
  const MutexLock lock(mutex_);
  rest_until_ = {};
}

bool Source::rests() const {
  const MutexLock lock(mutex_);
  return down_ && steady_clock::now() < rest_until_;
}

void Source::note_state(const Error* trouble) {
  const auto now = steady_clock::now();
  const MutexLock lock(mutex_);
  if (trouble == nullptr) {
    if (down_) log::info("directory {}: it answers again", options_.name);
    down_ = false;
    return;
  }
  if (down_) rest_until_ = now + kRest;
  if (!down_ || now - complained_ >= kComplainAgain) {
    complained_ = now;
    log::error(
        "directory {}: {}{}{}; logins and deliveries of its users fail temporarily until it "
        "answers",
        options_.name, trouble->text, trouble->cause.empty() ? "" : ": ", trouble->cause);
  }
  down_ = true;
}

void Source::note_hash(const EntryPtr& entry) {
  const auto* const hash = entry ? std::get_if<auth::ForeignHash>(&entry->password) : nullptr;
  if (hash == nullptr) return;
  const MutexLock lock(mutex_);
  if (!some_hash_) some_hash_ = *hash;
}

std::optional<auth::ForeignHash> Source::some_hash() const {
  const MutexLock lock(mutex_);
  return some_hash_;
}

}  // namespace posthorn::directory
