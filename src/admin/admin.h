#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "async/task.h"
#include "base/result.h"

namespace posthorn::admin {

using Json = boost::json::object;

/// Octets that come with a request or with an answer.
class OctetSource {
 public:
  virtual ~OctetSource() = default;
  /// The next few, valid until the next call; empty at the end.
  virtual async::Task<Result<std::string_view>> next() = 0;
};

struct Answer {
  Json said;
  /// Set where `said` has "octets", their number. To be read to the end before the next call.
  std::unique_ptr<OctetSource> octets = {};
};

/// What an operator can ask of a server's data: the same whether it runs (RemoteAdmin, over its
/// admin socket) or not (LocalAdmin, on the store itself). A request is {"do": name, ...}; the
/// names and their members stand in local_admin.h.
class Admin {
 public:
  virtual ~Admin() = default;
  /// One call at a time. Errors: bad_argument for a request it does not understand, and what the
  /// operation itself may fail with.
  virtual async::Task<Result<Answer>> call(Json request) = 0;
  /// For requests that have octets with them.
  virtual async::Task<Result<Answer>> call(Json request, OctetSource& octets) = 0;
};

/// {"error": kind, "text": sentence} and back.
Json error_to_json(const Error& error);
Error error_from_json(const Json& json);

/// A member as text, or empty when it is absent or no string.
std::string_view text_of(const Json& json, std::string_view name);
std::uint64_t number_of(const Json& json, std::string_view name);
bool flag_of(const Json& json, std::string_view name);

}  // namespace posthorn::admin
