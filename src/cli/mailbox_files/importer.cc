#include "cli/mailbox_files/importer.h"

#include "store/value/keyword_name.h"
#include "store/value/mailbox.h"
#include "text/ascii.h"

namespace posthorn::cli {
namespace {

namespace json = boost::json;
using admin::Json;

constexpr std::size_t kBatch = 256;
constexpr std::uint64_t kBatchOctets = 16 << 20;

/// Returns true for errors that concern one message, not the server or the account.
bool is_of_message(ErrorKind kind) {
  return kind == ErrorKind::too_big || kind == ErrorKind::bad_argument ||
         kind == ErrorKind::syntax || kind == ErrorKind::limit;
}

}  // namespace

json::array flag_names(const FlagList& flags) {
  json::array names;
  if ((flags.system & bit(SystemFlag::seen)) != 0) names.emplace_back("\\Seen");
  if ((flags.system & bit(SystemFlag::answered)) != 0) names.emplace_back("\\Answered");
  if ((flags.system & bit(SystemFlag::flagged)) != 0) names.emplace_back("\\Flagged");
  if ((flags.system & bit(SystemFlag::deleted)) != 0) names.emplace_back("\\Deleted");
  if ((flags.system & bit(SystemFlag::draft)) != 0) names.emplace_back("\\Draft");
  // Files may contain anything, and a message is worth more than a strange keyword.
  for (const std::string& keyword : flags.keywords)
    if (store::is_keyword_name(keyword)) names.emplace_back(keyword);
  return names;
}

/// The octets of a batch, one message after the other.
class Importer::Octets final : public admin::OctetSource {
 public:
  explicit Octets(const std::vector<Pending>& batch) : batch_(batch) {}
  async::Task<Result<std::string_view>> next() override {
    while (at_ < batch_.size()) {
      if (!current_) {
        current_ = batch_[at_].found.open();
        left_ = batch_[at_].size;
      }
      auto portion = current_->next();
      if (!portion) co_return pass(portion);
      if (portion->size() > left_ || (portion->empty() && left_ > 0))
        co_return fail(ErrorKind::io, batch_[at_].found.place + ": changed while it was read");
      left_ -= portion->size();
      if (!portion->empty()) co_return *portion;
      current_.reset();
      ++at_;
    }
    co_return std::string_view();
  }

 private:
  const std::vector<Pending>& batch_;
  std::size_t at_ = 0;
  std::uint64_t left_ = 0;
  std::unique_ptr<MessageOctets> current_;
};

Result<std::uint64_t> measure(const FoundMessage& found) {
  std::uint64_t size = 0;
  const std::unique_ptr<MessageOctets> octets = found.open();
  while (true) {
    auto portion = octets->next();
    if (!portion) return pass(portion);
    if (portion->empty()) return size;
    size += portion->size();
  }
}

void Importer::skip(const std::string& place, const Error& why) {
  ++totals_.skipped;
  if (options_.on_skip) options_.on_skip(place, why);
}

async::Task<Status> Importer::run() {
  while (true) {
    auto found = source_.next();
    if (!found) {
      skip("", found.error());
      continue;
    }
    if (!*found) break;
    Status added = co_await add(std::move(**found));
    if (!added) co_return added;
  }
  co_return co_await flush();
}

async::Task<Status> Importer::add(FoundMessage found) {
  totals_.octets += found.raw_octets;
  if (record_.is_done(found.key)) {
    ++totals_.known;
    co_return Status();
  }
  const auto size = measure(found);
  if (!size || *size == 0) {
    skip(found.place, size ? Error{ErrorKind::syntax, "is empty"} : size.error());
    co_return Status();
  }
  std::string mailbox =
      options_.under.empty() ? found.mailbox : options_.under + "/" + found.mailbox;
  // INBOX is the same mailbox in any case (RFC 9051 §5.1).
  if (text::iequals(mailbox, "INBOX")) mailbox = "INBOX";
  if (const Status named = store::check_mailbox_name(mailbox); !named) {
    skip(found.place, named.error());
    co_return Status();
  }
  Pending pending{std::move(found), std::move(mailbox), *size};
  if (record_.in_doubt() && batch_.empty()) {
    Status settled = co_await settle_doubt(pending);
    if (!settled) co_return settled;
    if (record_.is_done(pending.found.key)) {
      ++totals_.known;
      co_return Status();
    }
  }
  batch_octets_ += pending.size;
  batch_.push_back(std::move(pending));
  if (batch_.size() >= kBatch || batch_octets_ >= kBatchOctets) co_return co_await flush();
  co_return Status();
}

async::Task<Status> Importer::settle_doubt(const Pending& first) {
  const ImportRecord::InDoubt doubt = *record_.in_doubt();
  // The first message that is not known to be done is the first of the batch in doubt, unless the
  // source has changed. In that case nothing can be concluded, and importing a message twice is
  // better than losing it.
  if (doubt.keys.front() != first.found.key) co_return record_.settle(ImportRecord::Outcome::lost);
  auto stored = co_await is_stored(first, doubt.uid_next);
  if (!stored) co_return pass(stored);
  co_return record_.settle(*stored ? ImportRecord::Outcome::arrived : ImportRecord::Outcome::lost);
}

async::Task<Result<bool>> Importer::is_stored(const Pending& message, std::uint32_t from_uid) {
  std::uint64_t after = from_uid == 0 ? 0 : from_uid - 1;
  while (true) {
    auto page = co_await admin_.call(Json{{"do", "message.list"},
                                          {"name", options_.account},
                                          {"mailbox", message.mailbox},
                                          {"after", after}});
    if (!page && page.error().kind == ErrorKind::not_found) co_return false;
    if (!page) co_return pass(page);
    const Json said = std::move(page->said);
    const auto* list = said.if_contains("messages");
    if (list == nullptr || !list->is_array()) co_return false;
    for (const auto& entry : list->get_array()) {
      if (!entry.is_object() || admin::number_of(entry.get_object(), "size") != message.size)
        continue;
      auto same = co_await is_same(message, admin::number_of(entry.get_object(), "uid"));
      if (!same || *same) co_return same;
    }
    if (!said.contains("next")) co_return false;
    after = admin::number_of(said, "next");
  }
}

async::Task<Result<bool>> Importer::is_same(const Pending& message, std::uint64_t uid) {
  auto answer = co_await admin_.call(Json{{"do", "message.read"},
                                          {"name", options_.account},
                                          {"mailbox", message.mailbox},
                                          {"uid", uid}});
  if (!answer) co_return pass(answer);
  const std::unique_ptr<MessageOctets> ours = message.found.open();
  std::string waiting;  // Octets of our message that were read and not yet compared.
  bool same = true;
  while (true) {
    auto theirs = co_await answer->octets->next();
    if (!theirs) co_return pass(theirs);
    if (theirs->empty()) co_return same;
    while (same && waiting.size() < theirs->size()) {
      auto more = ours->next();
      if (!more) co_return pass(more);
      if (more->empty()) break;
      waiting += *more;
    }
    same = same && waiting.starts_with(*theirs);
    if (same) waiting.erase(0, theirs->size());
  }
}

async::Task<Result<std::uint32_t>> Importer::uid_next(std::string mailbox) {
  auto answer = co_await admin_.call(Json{{"do", "mailbox.list"}, {"name", options_.account}});
  if (!answer) co_return pass(answer);
  const auto* list = answer->said.if_contains("mailboxes");
  if (list != nullptr && list->is_array()) {
    for (const auto& entry : list->get_array())
      if (entry.is_object() && admin::text_of(entry.get_object(), "mailbox") == mailbox)
        co_return static_cast<std::uint32_t>(admin::number_of(entry.get_object(), "uid_next"));
  }
  co_return 1U;
}

async::Task<Status> Importer::flush() {
  if (batch_.empty()) co_return Status();
  std::vector<Pending> batch = std::exchange(batch_, {});
  batch_octets_ = 0;
  Status sent = co_await send(batch);
  if (!sent && is_of_message(sent.error().kind)) {
    // One message is at fault. Sending each alone shows which one.
    for (Pending& one : batch) {
      std::vector<Pending> alone;
      alone.push_back(std::move(one));
      sent = co_await send(alone);
      if (!sent && !is_of_message(sent.error().kind)) co_return sent;
      if (!sent) skip(alone.front().found.place, sent.error());
    }
    sent = Status();
  }
  if (options_.on_progress) options_.on_progress(totals_);
  co_return sent;
}

async::Task<Status> Importer::send(const std::vector<Pending>& batch) {
  auto first_uid = co_await uid_next(batch.front().mailbox);
  if (!first_uid) co_return pass(first_uid);
  Json request{{"do", "message.append"}, {"name", options_.account}};
  json::array messages;
  std::vector<std::string> keys;
  std::uint64_t octets = 0;
  for (const Pending& one : batch) {
    Json message{
        {"mailbox", one.mailbox}, {"flags", flag_names(one.found.flags)}, {"size", one.size}};
    if (one.found.received) {
      message["date"] = one.found.received->seconds;
      message["zone"] = std::int64_t{one.found.received->zone_minutes};
    }
    messages.push_back(std::move(message));
    keys.push_back(one.found.key);
    octets += one.size;
  }
  request["messages"] = std::move(messages);
  request["octets"] = octets;
  Status noted = record_.begin(*first_uid, keys);
  if (!noted) co_return noted;
  Octets source(batch);
  auto answer = co_await admin_.call(std::move(request), source);
  if (!answer) {
    // After a negative answer nothing was stored; after a broken connection it is unknown.
    if (answer.error().kind != ErrorKind::closed && answer.error().kind != ErrorKind::io)
      noted = record_.settle(ImportRecord::Outcome::lost);
    co_return pass(answer);
  }
  totals_.brought += batch.size();
  co_return record_.finish();
}

}  // namespace posthorn::cli
