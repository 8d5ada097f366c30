#include "app/metrics/collect.h"

#include <array>
#include <filesystem>

#include "app/metrics/page.h"
#include "async/offload.h"
#include "base/version.h"
#include "server/http/exchange.h"
#include "server/http/router.h"
#include "store/low_space.h"
#include "store/store_numbers.h"

namespace posthorn::app {
namespace {

using server::frame::CommandMeter;

constexpr std::array<std::string_view, server::frame::kEndings> kEndings{"ok", "refused", "failed"};

void add_commands(MetricsPage& page, std::string_view protocol, const CommandMeter& meter) {
  for (const CommandMeter::Count& count : meter.counts()) {
    const std::string_view command = count.command.empty() ? "unknown" : count.command;
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < kEndings.size(); ++i) all += count.ended[i].value();
    // Most commands are never used by most installations.
    if (all == 0) continue;
    for (std::size_t i = 0; i < kEndings.size(); ++i)
      page.counter("posthorn_commands_total",
                   "Commands by how they ended: ok, refused (the client's fault), failed.",
                   {{"protocol", protocol}, {"command", command}, {"outcome", kEndings[i]}},
                   static_cast<double>(count.ended[i].value()));
    if (const auto took = count.took.counts(); took.all() > 0)
      page.histogram("posthorn_command_seconds", "Time from a command to its reply.",
                     {{"protocol", protocol}, {"command", command}}, took);
  }
}

void add_protocols(MetricsPage& page, const std::vector<ProtocolNumbers>& protocols) {
  for (const ProtocolNumbers& numbers : protocols) {
    std::string protocol(numbers.protocol);
    std::ranges::replace(protocol, ' ', '_');
    page.counter("posthorn_connections_total", "Connections accepted.", {{"protocol", protocol}},
                 static_cast<double>(numbers.accepted));
    page.gauge("posthorn_connections", "Connections now open.", {{"protocol", protocol}},
               static_cast<double>(numbers.connections));
    add_commands(page, protocol, numbers.commands);
  }
}

void add_logins(MetricsPage& page, const Watched& watched) {
  for (const auto& [key, count] : watched.authenticator.login_counts()) {
    const auto& [protocol, outcome, reason] = key;
    page.counter("posthorn_logins_total", "Login attempts by outcome and reason.",
                 {{"protocol", protocol}, {"outcome", outcome}, {"reason", reason}},
                 static_cast<double>(count));
  }
  page.counter("posthorn_password_hashes_total", "Passwords that were hashed for a login.", {},
               static_cast<double>(watched.authenticator.hashes()));
  page.gauge("posthorn_sessions", "Sessions that have logged in.", {},
             static_cast<double>(watched.limits.logged_in()));
}

void add_directories(MetricsPage& page, const directory::Chain& directories) {
  for (const auto& source : directories.sources) {
    const std::string_view name = source->options().name;
    const directory::Source::Numbers& numbers = source->numbers();
    page.histogram("posthorn_directory_seconds", "Time of an answer of a directory.",
                   {{"directory", name}}, numbers.took.counts());
    page.counter("posthorn_directory_unavailable_total", "Questions that a directory left open.",
                 {{"directory", name}}, static_cast<double>(numbers.unavailable.value()));
    page.counter("posthorn_directory_bad_entries_total", "Answers that could not be used.",
                 {{"directory", name}}, static_cast<double>(numbers.bad_entries.value()));
    page.counter("posthorn_directory_remembered_total", "Questions that need not be asked again.",
                 {{"directory", name}}, static_cast<double>(numbers.from_cache.value()));
  }
}

void add_tokens(MetricsPage& page, const provider::Numbers& numbers) {
  page.histogram("posthorn_oauth_seconds", "Time of an answer of the issuer of tokens.", {},
                 numbers.took.counts());
  page.counter("posthorn_oauth_unavailable_total", "Questions that the issuer left open.", {},
               static_cast<double>(numbers.unavailable.value()));
  page.counter("posthorn_oauth_keys_read_total", "Times that the issuer's keys were fetched.", {},
               static_cast<double>(numbers.keys_read.value()));
  page.counter("posthorn_oauth_introspected_total", "Tokens that the issuer was asked about.", {},
               static_cast<double>(numbers.introspected.value()));
  page.counter("posthorn_oauth_remembered_total", "Tokens that need not be asked about again.", {},
               static_cast<double>(numbers.from_cache.value()));
}

void add_storage(MetricsPage& page, const Watched& watched) {
  page.histogram("posthorn_commit_seconds", "Time until a change was durable.", {},
                 watched.engine.commits.counts());
  page.counter("posthorn_commit_failures_total",
               "Commits that failed, also those that were computed again.", {},
               static_cast<double>(watched.engine.failed.value()));
  page.histogram("posthorn_sync_seconds", "Time of a write with its sync.", {},
                 watched.engine.syncs.counts());
  const store::StoreNumbers store = store::numbers_of(watched.store);
  for (const auto& [name, use] : store.caches) {
    page.counter("posthorn_cache_hits_total", "Look-ups that a cache answered.", {{"cache", name}},
                 static_cast<double>(use.hits));
    page.counter("posthorn_cache_misses_total", "Look-ups that a cache could not answer.",
                 {{"cache", name}}, static_cast<double>(use.misses));
    page.gauge("posthorn_cache_bytes", "Estimated size of a cache.", {{"cache", name}},
               static_cast<double>(use.bytes));
  }
  page.gauge("posthorn_open_accounts", "Accounts that are open in memory.", {},
             static_cast<double>(store.open_accounts));
  page.histogram("posthorn_sweep_seconds", "Time of a round of upkeep.", {},
                 watched.house.sweeps.counts());
  page.counter("posthorn_sweep_failures_total", "Rounds of upkeep that failed.", {},
               static_cast<double>(watched.house.failures.value()));
  page.gauge("posthorn_sweep_last_success_timestamp_seconds",
             "When a round of upkeep last succeeded; 0 if none has since the start.", {},
             static_cast<double>(watched.house.swept.load(std::memory_order_relaxed)));
}

struct DiskUse {
  std::uint64_t store = 0;
  std::uint64_t free = 0;
};

/// Files may come and go meanwhile, so errors are ignored.
DiskUse disk_use(const std::string& data_dir, const std::string& store_dir) {
  namespace fs = std::filesystem;
  DiskUse use;
  std::error_code error;
  const auto space = fs::space(data_dir, error);
  if (!error) use.free = space.available;
  for (fs::recursive_directory_iterator it(store_dir, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code gone;
    const std::uint64_t size = it->is_regular_file(gone) ? it->file_size(gone) : 0;
    if (!gone) use.store += size;
  }
  return use;
}

async::Task<Status> serve(std::shared_ptr<const Watched> shared, server::http::Exchange& exchange) {
  const Watched& watched = *shared;
  MetricsPage page;
  page.gauge("posthorn_build_info", "1, with the version.", {{"version", kProgramVersion}}, 1);
  add_protocols(page, watched.protocols());
  add_logins(page, watched);
  add_directories(page, watched.directories);
  add_tokens(page, watched.tokens);
  add_storage(page, watched);
  page.gauge("posthorn_queue_messages", "Messages that are waiting to be sent.", {},
             static_cast<double>(watched.queue.waiting()));
  if (const auto days = watched.days_of_certificate())
    page.gauge("posthorn_certificate_expiry_days", "Days until the TLS certificate expires.", {},
               *days);
  const DiskUse use = co_await async::offload(
      watched.store.offload(), [&] { return disk_use(watched.data_dir, watched.store_dir); });
  page.gauge("posthorn_store_bytes", "Size of the store's files.", {},
             static_cast<double>(use.store));
  page.gauge("posthorn_disk_free_bytes", "Free space where the data is.", {},
             static_cast<double>(use.free));
  page.gauge("posthorn_disk_low",
             "1 while new mail is refused because less than storage.min_free is free.", {},
             store::is_low_on_space(watched.store) ? 1 : 0);
  co_return co_await exchange.respond(
      {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = page.text()});
}

}  // namespace

server::http::Handler metrics_handler(Watched watched) {
  server::http::Router router;
  router.mount(
      {.path = "/metrics",
       .handler = [shared = std::make_shared<const Watched>(std::move(watched))](
                      server::http::Exchange& exchange) { return serve(shared, exchange); }});
  return std::move(router).handler();
}

}  // namespace posthorn::app
