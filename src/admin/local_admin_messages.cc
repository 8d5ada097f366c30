#include <algorithm>

#include "admin/local_admin.h"
#include "base/clock.h"
#include "service/import.h"
#include "service/mailboxes.h"
#include "service/metadata.h"
#include "service/undelete.h"
#include "store/change/upload.h"
#include "store/low_space.h"
#include "store/read/email_reader.h"
#include "store/retention.h"
#include "store/upkeep/damage_log.h"
#include "store/value/mailbox.h"
#include "store/value/members.h"

// The requests about mailboxes and messages.
namespace posthorn::admin {
namespace {

namespace json = boost::json;

constexpr std::uint32_t kMessagesPage = 2000;
constexpr std::uint64_t kBodyPortion = 256 << 10;
constexpr std::size_t kMaxBatch = 1000;

constexpr std::array<std::pair<SystemFlag, std::string_view>, 5> kFlagNames = {
    {{SystemFlag::seen, "\\Seen"},
     {SystemFlag::answered, "\\Answered"},
     {SystemFlag::flagged, "\\Flagged"},
     {SystemFlag::deleted, "\\Deleted"},
     {SystemFlag::draft, "\\Draft"}}};

json::array flags_to_json(SystemFlags system, const std::vector<std::string>& keywords) {
  json::array flags;
  for (const auto& [flag, name] : kFlagNames)
    if ((system & bit(flag)) != 0) flags.emplace_back(name);
  for (const std::string& keyword : keywords) flags.emplace_back(keyword);
  return flags;
}

FlagList flags_from_json(const Json& message) {
  FlagList flags;
  const json::value* const list = message.if_contains("flags");
  if (list == nullptr || !list->is_array()) return flags;
  for (const json::value& entry : list->get_array()) {
    if (!entry.is_string()) continue;
    const std::string_view name = entry.get_string();
    const auto known =
        std::ranges::find(kFlagNames, name, &decltype(kFlagNames)::value_type::second);
    if (known != kFlagNames.end()) {
      flags.system |= bit(known->first);
    } else if (!name.starts_with('\\')) {
      flags.keywords.emplace_back(name);
    }
  }
  return flags;
}

/// A stored message: its header block, then its body by portions.
class StoredMessage final : public OctetSource {
 public:
  StoredMessage(std::string header, store::BodyReader body)
      : header_(std::move(header)), body_(std::move(body)) {}
  [[nodiscard]] std::uint64_t size() const { return header_.size() + body_.size(); }

  async::Task<Result<std::string_view>> next() override {
    if (!std::exchange(said_header_, true) && !header_.empty()) co_return std::string_view(header_);
    auto chunk = co_await body_.read(offset_, kBodyPortion);
    if (!chunk) co_return pass(chunk);
    chunk_ = std::move(*chunk);
    offset_ += chunk_.bytes.size();
    co_return chunk_.bytes;
  }

 private:
  std::string header_;
  store::BodyReader body_;
  store::BodyReader::Chunk chunk_ = {};
  std::uint64_t offset_ = 0;
  bool said_header_ = false;
};

/// Maps all damage to one kind, so that the caller can distinguish it from errors of the connection
/// or of its own output.
Error as_damage(Error error) {
  if (store::is_damage(error.kind)) error.kind = ErrorKind::corrupt;
  return error;
}

/// Opens a message after checking that all of it can be read, because only octets can follow the
/// answer, and no error.
async::Task<Result<std::unique_ptr<StoredMessage>>> open_message(store::AccountPtr account,
                                                                 Ordinal ordinal) {
  store::EmailReader reader(account);
  co_await reader.load({&ordinal, 1},
                       store::bit(store::Column::header) | store::bit(store::Column::body));
  auto header = reader.get(ordinal, store::Column::header);
  if (!header) co_return pass(header);
  auto column = reader.get(ordinal, store::Column::body);
  if (!column) co_return pass(column);
  auto body = store::BodyReader::open(account, *column);
  if (!body) co_return pass(body);
  Status ready = co_await body->prepare(0, body->size());
  if (!ready) co_return pass(ready);
  co_return std::make_unique<StoredMessage>(std::string(*header), std::move(*body));
}

/// Returns the octets of a source in exact amounts.
class Splitter {
 public:
  explicit Splitter(OctetSource& source) : source_(source) {}
  /// Returns at least one and at most `wanted` octets. Errors: syntax if the source has ended.
  async::Task<Result<std::string_view>> take(std::uint64_t wanted) {
    if (rest_.empty()) {
      auto more = co_await source_.next();
      if (!more) co_return pass(more);
      if (more->empty())
        co_return fail(ErrorKind::syntax, "fewer octets were received than announced");
      rest_ = *more;
    }
    const std::string_view taken = rest_.substr(0, wanted);
    rest_.remove_prefix(taken.size());
    co_return taken;
  }

 private:
  OctetSource& source_;
  std::string_view rest_;
};

/// A message whose octets follow the request.
struct Arrived {
  service::ImportedMessage message;
  std::uint64_t size = 0;
};

Result<std::vector<Arrived>> read_list(const Json& request, Timestamp now) {
  const json::value* const list = request.if_contains("messages");
  if (list == nullptr || !list->is_array() || list->get_array().size() > kMaxBatch)
    return fail(ErrorKind::bad_argument, "a list of messages is missing or too long");
  std::vector<Arrived> arrived;
  for (const json::value& entry : list->get_array()) {
    if (!entry.is_object()) return fail(ErrorKind::bad_argument, "a message is not an object");
    const Json& message = entry.get_object();
    Arrived one;
    one.message.mailbox = text_of(message, "mailbox");
    if (Status named = store::check_mailbox_name(one.message.mailbox); !named) return pass(named);
    one.message.flags = flags_from_json(message);
    Timestamp& received = one.message.received;
    received = now;
    const json::value* const date = message.if_contains("date");
    const json::value* const zone = message.if_contains("zone");
    if (date != nullptr && date->is_int64()) received = {date->get_int64(), 0};
    if (zone != nullptr && zone->is_int64() && std::abs(zone->get_int64()) < 24 * 60)
      received.zone_minutes = static_cast<std::int16_t>(zone->get_int64());
    one.size = number_of(message, "size");
    arrived.push_back(std::move(one));
  }
  return arrived;
}

}  // namespace

async::Task<Result<Answer>> LocalAdmin::list_mailboxes(Json request) {
  auto account = co_await open(text_of(request, "name"));
  if (!account) co_return pass(account);
  const store::StatePtr state = (*account)->published();
  json::array mailboxes;
  for (const auto& [name, id] : *state->names) {
    const store::MailboxPtr mailbox = state->find(id);
    if (!mailbox) continue;
    mailboxes.push_back(Json{{"mailbox", name},
                             {"messages", mailbox->head.messages},
                             {"uid_next", mailbox->head.uid_next.value},
                             {"subscribed", state->subscriptions->contains(name)}});
  }
  co_return Answer{{{"account", to_hex((*account)->id())}, {"mailboxes", std::move(mailboxes)}}};
}

async::Task<Result<Answer>> LocalAdmin::subscribe(Json request) {
  auto account = co_await open(text_of(request, "name"));
  if (!account) co_return pass(account);
  const std::string mailbox(text_of(request, "mailbox"));
  if (Status named = store::check_mailbox_name(mailbox); !named) co_return pass(named);
  Status done = co_await service::ensure_mailbox(administrator(*account), mailbox);
  if (!done) co_return pass(done);
  co_return Answer{};
}

async::Task<Result<Answer>> LocalAdmin::remove_mailbox(Json request) {
  auto account = co_await open(text_of(request, "name"));
  if (!account) co_return pass(account);
  Status done = co_await service::delete_mailbox(administrator(*account),
                                                 std::string(text_of(request, "mailbox")));
  if (!done) co_return pass(done);
  co_return Answer{};
}

async::Task<Result<Answer>> LocalAdmin::expire_mailbox(Json request) {
  auto account = co_await open(text_of(request, "name"));
  if (!account) co_return pass(account);
  auto mailbox = service::resolve(administrator(*account), text_of(request, "mailbox"));
  if (!mailbox) co_return pass(mailbox);
  if (const std::string_view after = text_of(request, "after"); !after.empty()) {
    service::MetadataToSet what;
    auto& entry = what.entries.emplace_back(std::string(store::kRetentionEntry), std::nullopt);
    if (after != "default") entry.value = after;
    auto set = co_await service::set_metadata(*mailbox, std::move(what));
    if (!set) co_return pass(set);
  }
  const store::StatePtr state = (*account)->published();
  const store::MailboxPtr now = state->find(mailbox->id);
  if (!now) co_return fail(ErrorKind::not_found, "the mailbox was removed");
  Json said{{"mailbox", now->name},
            {"after", store::format_retention(
                          store::retention_of(*state, *now, store::retention_policy(store_)))}};
  if (const auto own = store::own_retention(*state, now->id))
    said["own"] = store::format_retention(*own);
  co_return Answer{std::move(said)};
}

async::Task<Result<Answer>> LocalAdmin::undelete(Json request) {
  auto account = co_await open(text_of(request, "name"));
  if (!account) co_return co_await explain_removed(std::move(account.error()), request);
  service::UndeleteQuery query;
  query.since = static_cast<std::int64_t>(number_of(request, "since"));
  query.mailbox = text_of(request, "mailbox");
  query.message_id = text_of(request, "message_id");
  query.into = text_of(request, "into");
  query.dry_run = flag_of(request, "dry_run");
  auto done = co_await service::undelete(administrator(*account), std::move(query));
  if (!done) co_return pass(done);
  json::array places;
  for (const service::Undeleted::Place& place : done->places)
    places.push_back(
        Json{{"mailbox", place.mailbox}, {"messages", place.messages}, {"created", place.created}});
  co_return Answer{{{"places", std::move(places)}, {"lost", done->lost}}};
}

async::Task<Result<Answer>> LocalAdmin::list_messages(Json request) {
  auto account = co_await open(text_of(request, "name"));
  if (!account) co_return pass(account);
  auto named = service::resolve(administrator(*account), text_of(request, "mailbox"));
  if (!named) co_return pass(named);
  auto mailbox = co_await service::newest(*named);
  if (!mailbox) co_return std::unexpected(as_damage(std::move(mailbox.error())));
  const store::Contents& contents = *(*mailbox)->contents;
  const std::uint64_t after = number_of(request, "after");
  const std::uint32_t first =
      after >= 0xFFFFFFFFU
          ? contents.count()
          : contents.members().lower_bound(Uid(static_cast<std::uint32_t>(after) + 1));
  const std::uint32_t last = std::min(contents.count(), first + kMessagesPage);
  json::array messages;
  const store::FlagsView view = named->flags(**mailbox);
  view.for_each(
      first, last, [&](std::uint32_t, const auto& leaf, const auto& flags, std::uint32_t k) {
        const store::Member member = leaf.at(k);
        const store::FlagState state = flags.at(k);
        messages.push_back(
            Json{{"uid", member.uid.value},
                 {"number", member.ordinal.value},
                 {"size", member.size},
                 {"date", member.internal_date.seconds},
                 {"zone", member.internal_date.zone_minutes},
                 {"flags", flags_to_json(state.system, view.keywords().names_of(state.keywords))}});
      });
  Answer answer;
  if (last < contents.count()) answer.said["next"] = contents.members().uid_at(last - 1).value;
  answer.said["messages"] = std::move(messages);
  co_return answer;
}

async::Task<Result<Answer>> LocalAdmin::read_message(Json request) {
  auto account = co_await open(text_of(request, "name"));
  if (!account) co_return pass(account);
  auto named = service::resolve(administrator(*account), text_of(request, "mailbox"));
  if (!named) co_return pass(named);
  auto mailbox = co_await service::newest(*named);
  if (!mailbox) co_return std::unexpected(as_damage(std::move(mailbox.error())));
  const store::Members& members = (*mailbox)->contents->members();
  const auto position =
      members.position_of(Uid(static_cast<std::uint32_t>(number_of(request, "uid"))));
  if (!position) co_return fail(ErrorKind::not_found, "there is no such message");
  const store::Member member = members.at(*position);
  auto message = co_await open_message(*account, member.ordinal);
  if (!message)
    co_return std::unexpected(
        as_damage(store::judge_unreadable(mailbox->get(), member.uid, std::move(message.error()))));
  Answer answer{{{"octets", (*message)->size()}}};
  answer.octets = std::move(*message);
  co_return answer;
}

async::Task<Result<Answer>> LocalAdmin::append_messages(Json request, OctetSource& octets) {
  if (Status room = store::may_take_new_mail(store_); !room) co_return pass(room);
  auto account = co_await open(text_of(request, "name"));
  if (!account) co_return pass(account);
  auto arrived = read_list(request, store_.clock().now());
  if (!arrived) co_return pass(arrived);
  std::vector<service::ImportedMessage> messages;
  Splitter splitter(octets);
  for (Arrived& one : *arrived) {
    if (options_.max_message_octets != 0 && one.size > options_.max_message_octets)
      co_return fail(ErrorKind::too_big,
                     "a message is larger than this server accepts (limits.message_size)");
    store::Upload upload(store_, (*account)->id());
    while (upload.size() < one.size) {
      auto portion = co_await splitter.take(one.size - upload.size());
      if (!portion) co_return pass(portion);
      Status fed = co_await upload.feed(*portion);
      if (!fed) co_return pass(fed);
    }
    auto email = co_await upload.finish();
    if (!email) co_return pass(email);
    one.message.email = std::move(*email);
    messages.push_back(std::move(one.message));
  }
  auto uids = co_await service::import_messages(administrator(*account), std::move(messages));
  if (!uids) co_return pass(uids);
  json::array said;
  for (const Uid uid : *uids) said.push_back(uid.value);
  co_return Answer{{{"uids", std::move(said)}}};
}

}  // namespace posthorn::admin
