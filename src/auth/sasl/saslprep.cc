#include "auth/sasl/saslprep.h"

#include <unicode/usprep.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <memory>

#include "auth/secret.h"

namespace posthorn::auth {
namespace {

/// The text may be a password, so the buffers are wiped.
struct Units : std::u16string {
  using std::u16string::u16string;
  Units() = default;
  Units(const Units&) = delete;
  Units& operator=(const Units&) = delete;
  ~Units() {
    std::fill(begin(), end(), u'\0');
    asm volatile(""
                 :
                 : "r"(data())
                 : "memory");  // Keeps the compiler from removing the writes above.
  }
};

const UStringPrepProfile* profile() {
  // Opened once and never closed: many threads may use a profile at the same time.
  static const UStringPrepProfile* const opened = [] {
    UErrorCode status = U_ZERO_ERROR;
    const UStringPrepProfile* p = usprep_openByType(USPREP_RFC4013_SASLPREP, &status);
    return U_FAILURE(status) ? nullptr : p;
  }();
  return opened;
}

bool is_printable_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace

std::optional<std::string> saslprep(std::string_view text, PrepareAs as) {
  if (is_printable_ascii(text)) return std::string(text);  // Nothing in it is mapped or prohibited.
  const UStringPrepProfile* const prep = profile();
  if (!prep) return std::nullopt;

  UErrorCode status = U_ZERO_ERROR;
  Units source(text.size(), u'\0');  // UTF-16 never has more units than UTF-8 has octets.
  std::int32_t length = 0;
  u_strFromUTF8(source.data(), static_cast<std::int32_t>(source.size()), &length, text.data(),
                static_cast<std::int32_t>(text.size()), &status);
  if (U_FAILURE(status)) return std::nullopt;

  // NFKC produces at most 18 units from one code point.
  Units prepared(static_cast<std::size_t>(length) * 18 + 1, u'\0');
  const std::int32_t options = as == PrepareAs::query ? USPREP_ALLOW_UNASSIGNED : USPREP_DEFAULT;
  status = U_ZERO_ERROR;
  const std::int32_t made =
      usprep_prepare(prep, source.data(), length, prepared.data(),
                     static_cast<std::int32_t>(prepared.size()), options, nullptr, &status);
  if (U_FAILURE(status)) return std::nullopt;

  std::string out(static_cast<std::size_t>(made) * 3, '\0');
  std::int32_t octets = 0;
  status = U_ZERO_ERROR;
  u_strToUTF8(out.data(), static_cast<std::int32_t>(out.size()), &octets, prepared.data(), made,
              &status);
  if (U_FAILURE(status)) return std::nullopt;
  out.resize(static_cast<std::size_t>(octets));
  return out;
}

}  // namespace posthorn::auth
