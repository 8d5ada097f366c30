#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "store/value/outbox.h"

/// The keys of the rows in an account's partition (docs/storage-format.md, "Account rows").
namespace posthorn::store::keys {

std::string account();               ///< "a": counters and quota.
std::string profile();               ///< "x": name, credentials.
std::string behind();                ///< "b": the engine's epoch that the account knows.
std::string recent(MailboxId id);    ///< "q": hint of \Recent.
std::string head(MailboxId id);      ///< "h": counters of a mailbox.
std::string name(MailboxId id);      ///< "n": name and special-use.
std::string keywords(MailboxId id);  ///< "k".
std::string subscription(std::string_view name);  ///< "s".
std::string contents(MailboxId id);               ///< "c": common prefix of the next three.
/// "c" id "f": a flag change not applied to rows yet.
std::string flag_change(MailboxId id, Seq seq);
std::string chunks(MailboxId id);             ///< "c" id "p": the list of chunk pages.
std::string tail_row(MailboxId id, Uid uid);  ///< "c" id "r" uid.
std::string email(Ordinal ordinal);           ///< "e": a message that is not packed.
std::string group(Ordinal first);             ///< "g": pages of packed messages.
std::string journal(MailboxId id, Seq seq);   ///< "j".
std::string log(Seq seq);                     ///< "l".
std::string outbox(OutboxId id);              ///< "o".
std::string usage();                          ///< "u": the recent amount of sending.
std::string sending();                        ///< "w": addresses the account may send as.
std::string intent(const IntentId& intent);   ///< "i": a step carried out for another account.
std::string content_horizon();  ///< "v": last change whose expunged content was dropped.
std::string horizon();          ///< "z": last change whose log was dropped.

/// The least key above all keys with this prefix; empty if there is none.
std::string after_prefix(std::string_view prefix);

/// The kind of a key under contents(): 'f', 'p' or 'r'.
char kind_of_contents(std::string_view key);
/// Parts of a key: the UID of a tail row, the mailbox of a mailbox's row, the number at the end of
/// any other.
std::uint32_t uid_of_tail(std::string_view key);
MailboxId mailbox_of(std::string_view key);
std::uint64_t last_number(std::string_view key);

}  // namespace posthorn::store::keys
