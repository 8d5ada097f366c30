#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "store/value/outbox.h"

/// The rows of an account's partition (docs/storage-format.md, "Account rows").
namespace posthorn::store::keys {

std::string account();                            ///< "a": counters and quota.
std::string profile();                            ///< "x": name, credentials.
std::string behind();                             ///< "b": the engine's epoch it knows.
std::string recent(MailboxId id);                 ///< "q": hint of \Recent.
std::string head(MailboxId id);                   ///< "h": counters of a mailbox.
std::string name(MailboxId id);                   ///< "n": name and special-use.
std::string keywords(MailboxId id);               ///< "k".
std::string subscription(std::string_view name);  ///< "s".
std::string contents(MailboxId id);               ///< "c": prefix of the next three.
std::string flag_change(MailboxId id, Seq seq);   ///< "c" id "f": one that is in no row yet.
std::string chunks(MailboxId id);                 ///< "c" id "p": the list of chunk pages.
std::string tail_row(MailboxId id, Uid uid);      ///< "c" id "r" uid.
std::string email(Ordinal ordinal);               ///< "e": a message not yet packed.
std::string group(Ordinal first);                 ///< "g": pages of packed messages.
std::string journal(MailboxId id, Seq seq);       ///< "j".
std::string log(Seq seq);                         ///< "l".
std::string outbox(OutboxId id);                  ///< "o".
std::string usage();                              ///< "u": how much was sent lately.
std::string sending();                            ///< "w": what the account may send as.
std::string intent(const IntentId& intent);       ///< "i": a step done for another account.
std::string content_horizon();  ///< "v": up to where the content of expunged messages was dropped.
std::string horizon();          ///< "z": up to where the log was dropped.

/// The first key after every key with this prefix; empty if there is none.
std::string after_prefix(std::string_view prefix);

/// Which of the three a key under contents() is: 'f', 'p' or 'r'.
char kind_of_contents(std::string_view key);
/// The UID of a tail row's key, the id of a mailbox row's, the number at the end of any other.
std::uint32_t uid_of_tail(std::string_view key);
MailboxId mailbox_of(std::string_view key);
std::uint64_t last_number(std::string_view key);

}  // namespace posthorn::store::keys
