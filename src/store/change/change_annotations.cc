#include <utility>

#include "store/change/change.h"
#include "store/change/touched.h"
#include "store/value/sharing_entries.h"

namespace posthorn::store {

Annotations& Change::annotations() {
  if (!own_annotations_) {
    own_annotations_ = std::make_shared<Annotations>(*draft_.annotations);
    draft_.annotations = own_annotations_;
  }
  return *own_annotations_;
}

namespace {

/// What those who share the account's mailboxes keep for themselves is stored with the owner, who
/// must have room left for his own: together they have half of each limit.
constexpr std::size_t kShareOfReaders = 2;

/// Returns whether they would have more than that if `key` got a value of so many octets.
bool is_too_much_of_readers(const Annotations& all, const AccountId& owner,
                            const AnnotationKey& key, std::size_t octets) {
  std::size_t of_mailbox = 1;
  std::size_t of_account = 1;
  std::uint64_t in_all = key.entry.size() + octets;
  for (const auto& [other, value] : all.all()) {
    if (other.reader == AccountId{} || other.reader == owner || other == key) continue;
    ++of_account;
    if (other.mailbox == key.mailbox) ++of_mailbox;
    in_all += other.entry.size() + value->size();
  }
  return of_mailbox > kMaxAnnotationsOfMailbox / kShareOfReaders ||
         of_account > kMaxAnnotations / kShareOfReaders ||
         in_all > kMaxAnnotationOctetsInAll / kShareOfReaders;
}

/// Raises a reader's HIGHESTMODSEQ of a mailbox, without a change to any message.
void raise_modseq_of(ReaderFlags& reader, ModSeq modseq) {
  std::vector<ReaderFlags::Step>& steps = reader.steps;
  if (!steps.empty() && steps.back().uids.empty()) steps.pop_back();
  if (steps.empty() || steps.back().modseq < modseq) steps.push_back({modseq, {}});
}

}  // namespace

Status Change::set_annotation(const AnnotationKey& key, std::optional<std::string> value) {
  Touched* mailbox = nullptr;
  if (key.mailbox != MailboxId(0)) {
    auto touched = touch(key.mailbox);
    if (!touched) return pass(touched);
    mailbox = *touched;
  }
  const AnnotationValue before = draft_.annotations->find(key);
  if (value ? before && *before == *value : !before) return {};
  const bool is_about_flags = mailbox != nullptr && is_sharing_entry(key.entry);
  const OwnFlags own = is_about_flags ? own_flags(*mailbox) : OwnFlags{};
  if (is_about_flags && value && *value != kYes && *value != kNo)
    return fail(ErrorKind::bad_argument, "The value of this entry is true or false");
  if (value) {
    if (value->size() > kMaxAnnotationOctets)
      return fail(ErrorKind::too_big, "The value is larger than this server accepts");
    const std::uint64_t old = before ? key.entry.size() + before->size() : 0;
    const std::uint64_t room = kMaxAnnotationOctetsInAll + old;
    const bool is_one_more =
        !before && (draft_.annotations->count_of(key.mailbox) >= kMaxAnnotationsOfMailbox ||
                    draft_.annotations->all().size() >= kMaxAnnotations);
    if (is_one_more || key.entry.size() > kMaxAnnotationName ||
        draft_.annotations->octets() + key.entry.size() + value->size() > room)
      return fail(ErrorKind::limit, "There are too many annotations");
    const bool is_of_reader = key.reader != AccountId{} && key.reader != draft_.id;
    if (is_of_reader && is_too_much_of_readers(*draft_.annotations, draft_.id, key, value->size()))
      return fail(ErrorKind::limit, "There are too many private annotations of this mailbox");
    annotations().set(key, std::make_shared<const std::string>(std::move(*value)));
  } else {
    annotations().erase(key);
  }
  annotated_.insert(key);
  // An annotation is a change of the mailbox (RFC 7162 §3.2). In a shared mailbox, one that only
  // one reader sees changes it for that reader alone, as his own flags do.
  if (mailbox != nullptr && key.reader != AccountId{} && own_flags(*mailbox).any()) {
    raise_modseq_of(edit_flags(*mailbox, key.reader), modseq());
  } else if (mailbox != nullptr) {
    mailbox->annotated = true;
  }
  if (!is_about_flags) return {};
  const OwnFlags shared = own.without(own_flags(*mailbox));
  return shared.any() ? merge_flags(*mailbox, shared) : Status();
}

void Change::drop_annotations(MailboxId mailbox) {
  for (const AnnotationKey& key : draft_.annotations->keys_of(mailbox)) {
    annotations().erase(key);
    annotated_.insert(key);
  }
}

// A rename of INBOX does not fail for the limits of the account, but it does not pass them either.
// What does not fit is not copied; INBOX has it still.
void Change::copy_annotations(MailboxId from, MailboxId to) {
  for (AnnotationKey key : draft_.annotations->keys_of(from)) {
    AnnotationValue value = draft_.annotations->find(key);
    if (draft_.annotations->all().size() >= kMaxAnnotations ||
        draft_.annotations->octets() + key.entry.size() + value->size() > kMaxAnnotationOctetsInAll)
      return;
    key.mailbox = to;
    annotations().set(key, std::move(value));
    annotated_.insert(std::move(key));
  }
}

}  // namespace posthorn::store
