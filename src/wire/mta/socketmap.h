#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

/// Postfix's socketmap protocol (socketmap_table(5)): a request is the netstring of the map's name,
/// a space and the key; a reply is the netstring of a word, a space and a value.
namespace posthorn::wire::mta {

/// Maximum length of a request. No key is longer than an address.
inline constexpr std::size_t kMaxMapRequest = 4096;

struct MapRequest {
  std::string map;
  std::string key;
};

/// Extracts requests from a stream of octets. Never holds more than kMaxMapRequest octets.
class MapRequests {
 public:
  /// Consumes octets from the front of `input`. Returns the next request, or none if all were
  /// consumed and more are needed. Errors: syntax (not a netstring, too long, or without a space).
  /// After an error the place of the next request is not known.
  Result<std::optional<MapRequest>> take(std::string_view& input);

 private:
  std::string held_;
};

enum class MapOutcome : std::uint8_t {
  found,
  not_found,
  temporary,  ///< The value is the reason.
  permanent,  ///< The request makes no sense; the value is the reason.
};
std::string format_map_reply(MapOutcome outcome, std::string_view value);

}  // namespace posthorn::wire::mta
