#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"

namespace posthorn::app {

/// Which domains this server has all the mail of: those configured or, where none are, those of its
/// accounts and aliases. Thread: any loop's.
class Domains {
 public:
  /// `store` must outlive it.
  Domains(store::Store& store, std::vector<std::string> configured);

  /// For what is asked from now on.
  void set(std::vector<std::string> configured);
  /// Errors: those of the store.
  async::Task<Result<bool>> is_ours(std::string domain);

 private:
  using Names = std::set<std::string, std::less<>>;
  std::shared_ptr<const Names> known();
  async::Task<Result<std::shared_ptr<const Names>>> look_through();

  store::Store& store_;
  std::mutex mutex_;
  std::shared_ptr<const Names> names_;
  bool configured_ = false;
  std::int64_t looked_ = INT64_MIN;  ///< When the accounts were looked through, in seconds.
};

}  // namespace posthorn::app
