#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "async/event.h"
#include "auth/session_limits.h"
#include "base/ids.h"
#include "base/result.h"

namespace posthorn::app {

/// Writes what passes between a user's clients and the server into a file, for as long as somebody
/// has asked for. Neither secrets nor mail are in it (wire/trace). A file has at most 64 MB.
/// Thread: its loop's.
class Tracer {
 public:
  static constexpr std::chrono::hours kLongest{24};

  /// The files are in `folder`, which is made with the first one. `limits` must outlive this.
  Tracer(auth::SessionLimits& limits, std::string folder)
      : limits_(limits), folder_(std::move(folder)) {}
  ~Tracer();
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;

  /// Shows the sessions of an account, also those that begin meanwhile, and returns the name of the
  /// file, whose mode is 0600. A trace of the same account that runs ends. `time`: at most
  /// kLongest. Errors: io.
  Result<std::string> start(const AccountId& account, std::string user, std::chrono::seconds time);
  /// Ends all traces. To be called on the loop before it ends.
  void stop();

 private:
  void end(AccountId account);

  auth::SessionLimits& limits_;
  const std::string folder_;
  std::map<AccountId, std::unique_ptr<async::Timer>> running_;
};

}  // namespace posthorn::app
