#include "service/message_octets.h"

#include <algorithm>
#include <utility>

namespace posthorn::service {

Result<MessageOctets> MessageOctets::open(store::AccountPtr account, std::string_view header,
                                          std::string_view body_column,
                                          const store::PieceBatch* ahead) {
  auto body = store::BodyReader::open(std::move(account), body_column, ahead);
  if (!body) return pass(body);
  return MessageOctets(header, std::move(*body));
}

async::Task<Result<std::string_view>> MessageOctets::read(std::uint64_t offset,
                                                          std::uint64_t limit) {
  if (offset < header_.size()) co_return header_.substr(offset, limit);
  auto chunk = co_await body_.read(offset - header_.size(), limit);
  if (!chunk) co_return pass(chunk);
  chunk_ = std::move(*chunk);
  co_return chunk_.bytes;
}

async::Task<Status> MessageOctets::prepare(std::uint64_t begin, std::uint64_t end) {
  const std::uint64_t header = header_.size();
  if (end <= header) co_return Status();
  co_return co_await body_.prepare(std::max(begin, header) - header, end - header);
}

}  // namespace posthorn::service
