#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "store/store.h"

namespace posthorn::app {

/// The domains whose mail is all on this server: those configured or, if there are none, those of
/// its accounts and aliases; and those of directories. Thread: any loop's.
class Domains {
 public:
  /// Tells whether the users of a domain, in lower case, are in a directory outside of the store.
  using InDirectory = std::function<async::Task<Result<bool>>(std::string domain)>;
  /// `store` must outlive this object.
  Domains(store::Store& store, std::vector<std::string> configured, InDirectory in_directory = {});

  /// Sets the domains for later calls.
  void set(std::vector<std::string> configured);
  /// Returns whether the domain is one of them. Errors: those of the store and of `in_directory`.
  async::Task<Result<bool>> is_ours(std::string domain);

 private:
  using Names = std::set<std::string, std::less<>>;
  std::shared_ptr<const Names> known();
  async::Task<Result<std::shared_ptr<const Names>>> look_through();

  store::Store& store_;
  const InDirectory in_directory_;
  Mutex mutex_;
  std::shared_ptr<const Names> names_ POSTHORN_GUARDED_BY(mutex_);
  bool configured_ POSTHORN_GUARDED_BY(mutex_) = false;
  /// When the accounts were last scanned, in seconds.
  std::int64_t looked_ POSTHORN_GUARDED_BY(mutex_) = INT64_MIN;
};

}  // namespace posthorn::app
