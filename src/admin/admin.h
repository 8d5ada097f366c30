#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/result.h"

namespace posthorn::admin {

using Json = boost::json::object;

/// The octets that accompany a request or an answer.
class OctetSource {
 public:
  virtual ~OctetSource() = default;
  /// Returns the next portion, valid until the next call; empty at the end.
  virtual async::Task<Result<std::string_view>> next() = 0;
};

struct Answer {
  Json said;
  /// Set if `said` has "octets", which is their number. Read them to the end before the next call.
  std::unique_ptr<OctetSource> octets = {};
};

/// The administrative interface to a server's data. It is the same whether the server runs
/// (RemoteAdmin, over its admin socket) or not (LocalAdmin, on the store itself). A request is
/// {"do": name, ...}; local_admin.h lists the names and their members.
class Admin {
 public:
  virtual ~Admin() = default;
  /// Performs a request. One call at a time. Errors: bad_argument for a request that is not
  /// understood, and those of the operation itself.
  virtual async::Task<Result<Answer>> call(Json request) = 0;
  /// The same for a request that is accompanied by octets.
  virtual async::Task<Result<Answer>> call(Json request, OctetSource& octets) = 0;
};

/// Converts an error to {"error": kind, "text": sentence}, and back.
Json error_to_json(const Error& error);
Error error_from_json(const Json& json);

/// Returns a member as text; empty if it is absent or not a string.
std::string_view text_of(const Json& json, std::string_view name);
std::uint64_t number_of(const Json& json, std::string_view name);
bool flag_of(const Json& json, std::string_view name);
/// Returns a member that is a list of texts; empty if it is absent. Errors: bad_argument.
Result<std::vector<std::string>> texts_of(const Json& json, std::string_view name);

}  // namespace posthorn::admin
