#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "store/account.h"
#include "store/store.h"
#include "store/value/outbox.h"

/// Maps envelope addresses to accounts.
namespace posthorn::service {

/// Returns the account an address leads to, following aliases; none if nobody has it. The address
/// is passed without its detail and with an unquoted local part, and it may lack a domain. Thread:
/// any loop's.
using FindAddress =
    std::function<async::Task<Result<std::optional<store::AddressEntry>>>(std::string)>;

/// An envelope address, split into its parts.
struct EnvelopeAddress {
  std::string local_part;  ///< Without quotes.
  std::string domain;      ///< Empty if there is none.
  std::string written;     ///< As people write it: "user@example.org".
};

/// Splits "user+detail" at the first separator (RFC 5233). There is no detail if the separator does
/// not occur, if nothing precedes it, or if the separator is empty.
struct SubAddress {
  std::string_view user;
  std::optional<std::string_view> detail;
};
SubAddress split_detail(std::string_view local_part, std::string_view separator);

struct AddressOwner {
  std::optional<store::AddressEntry> entry;  ///< None if nobody here has the address.
  std::string detail;                        ///< The detail of user+detail; empty if there is none.
  /// The name that was found, such as "user@example.org" or "@example.org", in the domain to which
  /// aliases for whole domains lead. Also set if nobody has it: the name that was looked for first.
  std::string name = {};
};
/// Looks up the whole address first, then the part before the separator, then "@domain", which
/// stands for every address of a domain that nobody else has. If that is an alias for another
/// domain, the same user is looked for there. The entry may be one that leads to several addresses
/// (AddressEntry::targets). Errors: those of `find`.
async::Task<Result<AddressOwner>> find_owner(const FindAddress& find, std::string_view separator,
                                             EnvelopeAddress address);

/// An address of another server that an alias leads to (service/forwarding).
struct OutsideTarget {
  std::string address;  ///< "user@example.net".
  std::string alias;    ///< The alias that names it, as in AddressOwner::name.
  friend bool operator==(const OutsideTarget&, const OutsideTarget&) = default;
};

/// All that an address leads to, each once.
struct Owners {
  std::vector<AddressOwner> here;  ///< Each has an entry, of an account.
  std::vector<OutsideTarget> outside;
};

/// Returns what an address leads to: its targets, and theirs. An address that leads back to itself
/// is followed once. Errors: those of `find`; limit if it leads to more than
/// AddressEntry::kMaxTargets addresses in all.
async::Task<Result<Owners>> find_owners(const FindAddress& find, std::string_view separator,
                                        EnvelopeAddress address);
/// The same for what an alias leads to. `leads_back` is set to true if `alias` is among it.
async::Task<Result<Owners>> follow_targets(const FindAddress& find, std::string_view separator,
                                           std::vector<std::string> targets, std::string_view alias,
                                           bool& leads_back);

/// A recipient with a mailbox on this server.
struct Recipient {
  std::string address;  ///< As written by the sender.
  std::string folder;   ///< The detail of user+detail, in UTF-8; empty if there is none.
  store::AccountPtr account;
  /// Set if the delivery may be repeated; it is then performed only once.
  std::optional<store::IntentId> intent = {};
};

/// Who gets the mail for an address.
struct Destinations {
  std::vector<Recipient> here;
  std::vector<OutsideTarget> outside;
};

/// Finds who gets mail for an address, one at least. The quota is checked against `announced`
/// octets (0 if unknown), so that a sender learns of a full mailbox as early as possible. If the
/// address leads to several accounts, those that accept no mail are left out as long as there are
/// others. Whether mail can be sent to other servers is not judged here (service/forwarding).
/// Errors: not_found (nobody has the address), no_permission (the account is disabled), over_quota;
/// other errors are the server's fault and are logged here.
async::Task<Result<Destinations>> find_destinations(store::Store& store, const FindAddress& find,
                                                    std::string_view separator,
                                                    EnvelopeAddress address,
                                                    std::uint64_t announced);

/// Sums up the deliveries to all accounts of one address. What may succeed later has to be
/// repeated, even if others get the message twice then; otherwise one success is enough.
Status sum_up(std::span<const Status> outcomes);

}  // namespace posthorn::service
