#include "app/accounts/domains.h"

#include "service/account_name.h"

#include "app/accounts/accounts.h"

namespace posthorn::app {

using service::normal_name;
namespace {

/// Scanning reads all addresses, so it is not done for every recipient. A new domain is known after
/// this time; an address in it is known at once.
constexpr std::int64_t kLookAgainAfter = 60;

}  // namespace

Domains::Domains(store::Store& store, std::vector<std::string> configured, InDirectory in_directory)
    : store_(store), in_directory_(std::move(in_directory)) {
  set(std::move(configured));
}

void Domains::set(std::vector<std::string> configured) {
  auto names = std::make_shared<Names>();
  for (const std::string& domain : configured) names->insert(normal_name(domain));
  const MutexLock lock(mutex_);
  configured_ = !names->empty();
  names_ = std::move(names);
  looked_ = INT64_MIN;
}

std::shared_ptr<const Domains::Names> Domains::known() {
  const std::int64_t now = store_.clock().now().seconds;
  const MutexLock lock(mutex_);
  const bool fresh = looked_ <= now && looked_ > now - kLookAgainAfter;
  return configured_ || fresh ? names_ : nullptr;
}

async::Task<Result<std::shared_ptr<const Domains::Names>>> Domains::look_through() {
  auto names = std::make_shared<Names>();
  std::string after;
  while (true) {
    constexpr std::size_t kAtOnce = 1000;
    auto page = co_await store_.list_addresses(after, kAtOnce);
    if (!page) co_return pass(page);
    for (const store::Store::Listed& listed : *page)
      if (const std::size_t at = listed.address.rfind('@'); at != std::string::npos)
        names->insert(listed.address.substr(at + 1));
    if (page->size() < kAtOnce) break;
    after = page->back().address;
  }
  const MutexLock lock(mutex_);
  if (!configured_) {
    names_ = names;
    looked_ = store_.clock().now().seconds;
  }
  co_return std::shared_ptr<const Names>(std::move(names));
}

async::Task<Result<bool>> Domains::is_ours(std::string domain) {
  const std::string wanted = normal_name(domain);
  auto names = known();
  if (!names) {
    auto looked = co_await look_through();
    if (!looked) co_return pass(looked);
    names = std::move(*looked);
  }
  if (names->contains(wanted)) co_return true;
  if (!in_directory_) co_return false;
  co_return co_await in_directory_(wanted);
}

}  // namespace posthorn::app
