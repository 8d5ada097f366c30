#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "store/value/annotations.h"
#include "store/value/grants.h"
#include "store/value/outbox.h"

/// The keys of all rows, as docs/storage-format.md defines them. A key begins with one octet that
/// says what kind of row it is, its prefix. All rows of a kind are read by scanning from the prefix
/// to after_prefix(). Numbers in keys are big-endian, so that they sort.
namespace posthorn::store::keys {

// The prefixes in the partition of an account ("Account rows"); a new one joins the list in keys.cc
// that compares them. Where nothing is said to follow, the prefix is the whole key.
inline constexpr std::string_view kAccount = "a";   ///< Counters and quota.
inline constexpr std::string_view kBehind = "b";    ///< The epoch that the account knows.
inline constexpr std::string_view kProfile = "x";   ///< Name, credentials.
inline constexpr std::string_view kHeads = "h";     ///< Mailbox: its counters.
inline constexpr std::string_view kNames = "n";     ///< Mailbox: its name and special-use.
inline constexpr std::string_view kKeywords = "k";  ///< Mailbox: the names of its keywords.
inline constexpr std::string_view kRecent = "q";    ///< Mailbox: hint of \Recent.
inline constexpr std::string_view kContents = "c";  ///< Mailbox, kind: its messages; see below.
inline constexpr std::string_view kJournals = "j";  ///< Mailbox, Seq: what a change did there.
inline constexpr std::string_view kSubscriptions = "s";   ///< Name.
inline constexpr std::string_view kAnnotations = "m";     ///< Mailbox, reader, entry: its value.
inline constexpr std::string_view kSharing = "r";         ///< Mailbox, kind: see below.
inline constexpr std::string_view kEmails = "e";          ///< Ordinal: a message not packed yet.
inline constexpr std::string_view kGroups = "g";          ///< First ordinal: pages of packed ones.
inline constexpr std::string_view kFilters = "f";         ///< First ordinal: a search filter.
inline constexpr std::string_view kTexts = "p";           ///< First ordinal: text of attachments.
inline constexpr std::string_view kLogs = "l";            ///< Seq: what a change did.
inline constexpr std::string_view kOutbox = "o";          ///< OutboxId: an entry.
inline constexpr std::string_view kUsage = "u";           ///< The recent amount of sending.
inline constexpr std::string_view kSending = "w";         ///< Settings of sending.
inline constexpr std::string_view kIntents = "i";         ///< Account, OutboxId, step: a step done.
inline constexpr std::string_view kMovesOut = "d";        ///< Seq: a move that is not finished.
inline constexpr std::string_view kForeign = "t";         ///< Some messages are from elsewhere.
inline constexpr std::string_view kContentHorizon = "v";  ///< Last change whose expunged content
                                                          ///< was dropped.
inline constexpr std::string_view kRemovalNumbers = "y";  ///< Hint: how removals are numbered.
inline constexpr std::string_view kHorizon = "z";         ///< Last change whose log was dropped.

// What follows kContents and the mailbox. The three are read in one scan.
inline constexpr char kFlagChange = 'f';  ///< Seq: a flag change not applied to rows yet.
inline constexpr char kChunks = 'p';      ///< The list of chunk pages; no more follows.
inline constexpr char kTailRow = 'r';     ///< UID: a message that is in no chunk, or differs there.

// What follows kSharing and the mailbox. Both are read in one scan.
inline constexpr char kGrant = 'g';        ///< Identifier: an entry of the access control list.
inline constexpr char kReaderFlags = 's';  ///< Reader: that person's own flags.

// The prefixes in the other partitions (system.h).
inline constexpr std::string_view kPieceKey = "k";    ///< System: the key of the names of pieces.
inline constexpr std::string_view kDueContent = "d";  ///< System; day, account: it changed on that
                                                      ///< day; what it expunged is still stored.
inline constexpr std::string_view kDueHistory = "y";  ///< The same, with only the history left.
inline constexpr std::string_view kWriters = "w";     ///< System: the next writer of pages.
inline constexpr std::string_view kDueAge = "a";      ///< System; day, account: messages of it
                                                      ///< may expire by their age on that day.
inline constexpr std::string_view kRetention = "r";   ///< System: the ages for which all accounts
                                                      ///< were listed there.
inline constexpr std::string_view kNodes = "n";       ///< Nodes; node: a process that serves.
inline constexpr std::string_view kAddresses = "u";   ///< Directory; address: its account.
inline constexpr std::string_view kRemovals = "i";    ///< Directory; account: it is to be removed.
inline constexpr std::string_view kHolds = "h";       ///< Directory; account: a legal hold.
inline constexpr std::string_view kWithoutScram = "f";  ///< Directory; account: hint, see Store.
inline constexpr std::string_view kOutboxes = "q";      ///< Queue; account: its outbox has entries.
inline constexpr std::string_view kShares = "g";  ///< Shares; grantee, account: it has granted
                                                  ///< that grantee something.

// The keys of an account's rows.
std::string account();
std::string profile();
std::string behind();
std::string recent(MailboxId id);
std::string head(MailboxId id);
std::string name(MailboxId id);
std::string keywords(MailboxId id);
std::string subscription(std::string_view name);
std::string annotation(const AnnotationKey& annotation);
std::string grant(const GrantKey& key);
std::string reader_flags(MailboxId id, const AccountId& reader);
/// The common prefix of the next three.
std::string contents(MailboxId id);
std::string flag_change(MailboxId id, Seq seq);
std::string chunks(MailboxId id);
std::string tail_row(MailboxId id, Uid uid);
std::string email(Ordinal ordinal);
std::string group(Ordinal first);
std::string filter(Ordinal first);
std::string texts(Ordinal first);
std::string journal(MailboxId id, Seq seq);
std::string log(Seq seq);
std::string outbox(OutboxId id);
std::string usage();
std::string sending();
std::string intent(const IntentId& intent);
std::string move_out(Seq id);
std::string foreign();
std::string content_horizon();
std::string removal_numbers();
std::string horizon();

// The keys of other rows.
std::string address(std::string_view address);
std::string removal(const AccountId& account);
std::string listed_outbox(const AccountId& account);
std::string without_scram(const AccountId& account);
std::string hold(const AccountId& account);
/// A day is in days since 1970; 0 is before any other.
std::string due_age(std::int64_t day, const AccountId& account);
/// The common prefix of all of a day.
std::string due_age_day(std::int64_t day);
/// The account in a key of due_age(); none if it is not one.
std::optional<AccountId> account_of_due(std::string_view key);
/// The account in a key of one octet and an account; none if it is not one.
std::optional<AccountId> account_of(std::string_view key);
std::string share(std::string_view grantee, const AccountId& owner);
/// The common prefix of the shares of one grantee.
std::string shares_with(std::string_view grantee);

/// The least key above all keys with this prefix; empty if there is none.
std::string after_prefix(std::string_view prefix);

/// The kind of a key under contents(): kFlagChange, kChunks or kTailRow.
char kind_of_contents(std::string_view key);
/// Parts of a key: the UID of a tail row, the mailbox of a mailbox's row, the number at the end of
/// any other.
std::uint32_t uid_of_tail(std::string_view key);
MailboxId mailbox_of(std::string_view key);
std::uint64_t last_number(std::string_view key);
/// None if it is not the key of an annotation.
std::optional<AnnotationKey> annotation_of(std::string_view key);
/// The kind of a key under kSharing: kGrant or kReaderFlags; and what follows it.
char kind_of_sharing(std::string_view key);
std::string_view rest_of_sharing(std::string_view key);

// Some records may be too long for a row (kEmails, kJournals, kOutbox). The first octet of the
// row's value tells where the record is.
inline constexpr char kInRow = 'r';   ///< It follows.
inline constexpr char kInPage = 'p';  ///< The number of the page that holds it follows (u64).

/// The value of such a row.
std::string in_row(std::string_view record);
std::string in_page(PageNumber page);

struct RowOrPage {
  std::string_view record;         ///< A part of the row's value. Empty if there is a page.
  std::optional<PageNumber> page;  ///< The page that holds the record.
};
/// Reads the value of such a row. Returns none if it is not one.
std::optional<RowOrPage> row_or_page(std::string_view value);

}  // namespace posthorn::store::keys
