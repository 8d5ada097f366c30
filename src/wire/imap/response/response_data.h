#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/flags.h"
#include "base/ids.h"
#include "base/number_set.h"
#include "base/result.h"
#include "wire/imap/response/response_parser.h"

/// Typed contents of server responses, for clients. Views point into the Response. Every function
/// returns ErrorKind::syntax for a response of another kind or shape.
namespace posthorn::wire::imap {

/// RFC 9051 §7.5.2.
struct FetchData {
  std::uint32_t seqnum = 0;
  std::optional<Uid> uid;
  std::optional<FlagList> flags;  ///< Without \Recent.
  std::optional<ModSeq> modseq;
  std::optional<std::uint64_t> size;
  std::optional<std::string_view> internal_date;
  /// Every other item, named as the server wrote it, e.g. "BODY[TEXT]<0>", with its value. The
  /// value is nullopt for NIL and for lists; look for those in the tokens.
  std::vector<std::pair<std::string_view, std::optional<std::string_view>>> items;

  /// Returns the value of an item; `name` is compared ignoring case.
  [[nodiscard]] std::optional<std::string_view> item(std::string_view name) const;
};
Result<FetchData> parse_fetch_data(const Response& response);

/// LIST and LSUB: RFC 9051 §7.3.1.
struct ListData {
  std::vector<std::string_view> attributes;
  char delimiter = 0;   ///< 0 means NIL.
  std::string mailbox;  ///< UTF-8.
  [[nodiscard]] bool has(std::string_view attribute) const;
};
/// `utf8`: UTF8=ACCEPT or IMAP4rev2 is enabled.
Result<ListData> parse_list_data(const Response& response, bool utf8 = false);

/// RFC 9051 §7.3.3.
struct StatusData {
  std::string mailbox;  ///< UTF-8.
  std::vector<std::pair<std::string_view, std::uint64_t>> values;
  [[nodiscard]] std::optional<std::uint64_t> value(std::string_view item) const;
};
Result<StatusData> parse_status_data(const Response& response, bool utf8 = false);

/// SEARCH and SORT: RFC 3501 §7.2.5, RFC 5256 §4.
struct SearchData {
  std::vector<std::uint32_t> numbers;
  std::optional<ModSeq> modseq;
};
Result<SearchData> parse_search_data(const Response& response);

/// RFC 4731.
struct EsearchData {
  std::string_view tag;
  bool uid = false;
  std::optional<std::uint32_t> min;
  std::optional<std::uint32_t> max;
  std::optional<std::uint32_t> count;
  std::optional<ModSeq> modseq;
  NumberSet all;
};
Result<EsearchData> parse_esearch_data(const Response& response);

/// VANISHED: RFC 7162 §3.2.10.
struct VanishedData {
  bool earlier = false;
  NumberSet uids;
};
Result<VanishedData> parse_vanished_data(const Response& response);

/// Parses a set such as "1:3,7", without '*'.
Result<NumberSet> parse_number_set(std::string_view text);

/// Returns the argument of a response code that has one number: UIDNEXT, UIDVALIDITY,
/// HIGHESTMODSEQ, UNSEEN.
std::optional<std::uint64_t> code_number(const Response& response, std::string_view code);

/// APPENDUID (without `from`) and COPYUID: RFC 4315 §3.
struct UidCode {
  UidValidity uid_validity;
  NumberSet from;
  NumberSet to;
};
std::optional<UidCode> code_uids(const Response& response);

}  // namespace posthorn::wire::imap
