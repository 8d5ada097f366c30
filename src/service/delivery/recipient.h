#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "async/task.h"
#include "base/result.h"
#include "store/account.h"
#include "store/store.h"
#include "store/value/outbox.h"

/// Whose an address is, for everything that delivers or sends.
namespace posthorn::service {

/// The account an address leads to, aliases followed; none when nobody has it. The address comes
/// without its detail, its local part unquoted, and may have no domain. Thread: any loop's.
using FindAddress =
    std::function<async::Task<Result<std::optional<store::AddressEntry>>>(std::string)>;

/// An address of an envelope in its parts.
struct EnvelopeAddress {
  std::string local_part;  ///< Without quotes.
  std::string domain;      ///< Empty when there was none.
  std::string written;     ///< As one writes it: "user@example.org".
};

/// "user+detail" at the first separator (RFC 5233). Without one, with nothing before it, or with an
/// empty separator, the detail is none.
struct SubAddress {
  std::string_view user;
  std::optional<std::string_view> detail;
};
SubAddress split_detail(std::string_view local_part, std::string_view separator);

struct AddressOwner {
  std::optional<store::AddressEntry> entry;  ///< None: nobody here has the address.
  std::string detail;                        ///< Of user+detail; empty: none.
};
/// Looks for the whole address first, then for the part before the separator. Errors: those of
/// `find`.
async::Task<Result<AddressOwner>> find_owner(const FindAddress& find, std::string_view separator,
                                             const EnvelopeAddress& address);

/// Somebody with a mailbox here.
struct Recipient {
  std::string address;  ///< As written by the sender.
  std::string folder;   ///< The detail of user+detail, in UTF-8; empty: none.
  store::AccountPtr account;
  /// Set when the delivery may be asked for again: it then happens once.
  std::optional<store::IntentId> intent = {};
};

/// `announced` octets (0: not said) are judged against the quota, so that a full mailbox is told as
/// early as can be. Errors: not_found (nobody has the address), no_permission (the account is
/// disabled), over_quota; else trouble of ours, which is logged here.
async::Task<Result<Recipient>> resolve(store::Store& store, const FindAddress& find,
                                       std::string_view separator, EnvelopeAddress address,
                                       std::uint64_t announced);

}  // namespace posthorn::service
