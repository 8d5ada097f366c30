#include "server/imap/url_reader.h"

#include <algorithm>
#include <utility>

#include "message/header/header.h"
#include "server/imap/fetch/fetch_content.h"
#include "server/imap/fetch/section_range.h"
#include "service/sharing/find.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using async::Task;
using store::Column;
using Text = wi::Section::Text;

constexpr std::uint64_t kChunk = 256 * 1024;
/// Header fields are filtered in memory. Of a larger header, only this much is filtered.
constexpr std::uint64_t kFilteredHeader = 1 << 20;

/// The same for every reason, so that it tells nothing about a mailbox that may not be read.
std::unexpected<Error> missing() {
  return fail(ErrorKind::not_found, "There is no such message or part");
}

}  // namespace

Task<Result<store::Member>> UrlReader::find(const wi::MessageUrl& url,
                                            const service::MailboxRef& mailbox) {
  store::MailboxPtr& version = versions_[{mailbox.account->id(), mailbox.id}];
  if (!version) {
    auto now = co_await service::newest(mailbox);
    if (!now) co_return pass(now);
    version = std::move(*now);
  }
  if (url.uid_validity && *url.uid_validity != version->head.uid_validity) co_return missing();
  const store::Members& members = version->contents->members();
  const auto position = members.position_of(url.uid);
  if (!position) co_return missing();
  co_return members.at(*position);
}

Task<Status> UrlReader::open_message(const service::MailboxRef& mailbox, Ordinal ordinal) {
  octets_.reset();
  emails_.emplace(mailbox.account);
  co_await emails_->load(std::span(&ordinal, 1),
                         bit(Column::header) | bit(Column::body) | bit(Column::structure));
  auto header = emails_->get(ordinal, Column::header);
  auto body = emails_->get(ordinal, Column::body);
  auto structure = emails_->get(ordinal, Column::structure);
  for (const auto* column : {&header, &body, &structure})
    if (!*column) co_return std::unexpected(column->error());
  auto octets = service::MessageOctets::open(mailbox.account, *header, *body);
  if (!octets) co_return pass(octets);
  octets_.emplace(std::move(*octets));
  structure_ = message::StructureView(*structure);
  co_return Status();
}

Task<Status> UrlReader::filter(const wi::Section& section, message::ByteRange range) {
  std::string block;
  const std::uint64_t end = std::min(range.end, range.begin + kFilteredHeader);
  for (std::uint64_t at = range.begin; at < end;) {
    auto octets = co_await octets_->read(at, end - at);
    if (!octets) co_return pass(octets);
    if (octets->empty()) break;
    block += *octets;
    at += octets->size();
  }
  filtered_ = message::filter_header(block, section.fields,
                                     section.text == Text::header_fields
                                         ? message::HeaderFilter::fields
                                         : message::HeaderFilter::fields_not);
  co_return Status();
}

Task<Result<std::uint64_t>> UrlReader::open(std::string_view text) {
  filtered_.reset();
  const auto url = wi::parse_message_url(text);
  if (!url) co_return std::unexpected(url.error());
  if ((url->offset != 0 || url->length) && !session_.is_offered("URL-PARTIAL"))
    co_return fail(ErrorKind::bad_argument, "URLs of a range of octets are not offered");
  const auto mailbox =
      co_await service::find_mailbox(session_.caller(), url->mailbox, {service::Right::read});
  if (!mailbox) co_return missing();
  const auto member = co_await find(*url, *mailbox);
  if (!member) co_return std::unexpected(member.error());
  if (Status opened = co_await open_message(*mailbox, member->ordinal); !opened)
    co_return pass(opened);
  auto range = section_range(*octets_, structure_, url->section);
  if (!range) co_return missing();
  if (!url->section.fields.empty()) {
    if (Status filtered = co_await filter(url->section, *range); !filtered)
      co_return pass(filtered);
    range = message::ByteRange{0, filtered_->size()};
  }
  // RFC 5092 §4: beyond the end there is nothing.
  const message::ByteRange wanted =
      clip(range->size(), wi::Partial{url->offset, url->length.value_or(UINT64_MAX)});
  at_ = range->begin + wanted.begin;
  end_ = range->begin + wanted.end;
  co_return end_ - at_;
}

Task<Result<std::string_view>> UrlReader::read() {
  if (at_ == end_) co_return std::string_view();
  const std::uint64_t most = std::min(kChunk, end_ - at_);
  if (filtered_)
    co_return std::string_view(*filtered_).substr(std::exchange(at_, at_ + most), most);
  auto octets = co_await octets_->read(at_, most);
  if (!octets) co_return pass(octets);
  if (octets->empty())
    co_return fail(ErrorKind::corrupt, "the message is shorter than its recorded size");
  at_ += octets->size();
  co_return *octets;
}

}  // namespace posthorn::server::imap
