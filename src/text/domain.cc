#include "text/domain.h"

#include <fmt/core.h>
#include <unicode/uidna.h>

#include "text/ascii.h"

namespace posthorn::text {
namespace {

/// RFC 1035 §2.3.4: 255 octets on the wire are 253 characters of text.
constexpr std::size_t kMaxName = 253;

/// Opened once; ICU allows any number of threads to use it.
const UIDNA* idna() {
  static const UIDNA* const instance = [] {
    UErrorCode error = U_ZERO_ERROR;
    return uidna_openUTS46(UIDNA_USE_STD3_RULES | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ |
                               UIDNA_NONTRANSITIONAL_TO_ASCII,
                           &error);
  }();
  return instance;
}

bool ends_in_a_number(std::string_view name) {
  const std::string_view last = name.substr(name.rfind('.') + 1);
  return std::ranges::all_of(last, is_digit);
}

}  // namespace

Result<std::string> domain_to_ascii(std::string_view name) {
  const auto refuse = [&] {
    return fail(ErrorKind::bad_argument, fmt::format("{} is not a domain name", name));
  };
  std::string_view bare = name;
  if (bare.ends_with('.')) bare.remove_suffix(1);
  // A longer name cannot become short enough.
  if (bare.empty() || bare.size() > 4 * kMaxName || idna() == nullptr) return refuse();
  std::array<char, kMaxName + 1> ascii{};
  UIDNAInfo info = UIDNA_INFO_INITIALIZER;
  UErrorCode error = U_ZERO_ERROR;
  const std::int32_t length =
      uidna_nameToASCII_UTF8(idna(), bare.data(), static_cast<std::int32_t>(bare.size()),
                             ascii.data(), static_cast<std::int32_t>(ascii.size()), &info, &error);
  if (U_FAILURE(error) || info.errors != 0 || length <= 0) return refuse();
  const std::string_view made(ascii.data(), static_cast<std::size_t>(length));
  if (made.size() > kMaxName || ends_in_a_number(made)) return refuse();
  return lower(made);
}

}  // namespace posthorn::text
