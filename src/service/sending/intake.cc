#include "service/sending/intake.h"

#include <algorithm>

#include "base/release_memory.h"

namespace posthorn::service {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kBlankLine = "\r\n\r\n";

/// The number of octets up to and including the blank line, searched from `from` on; none if it has
/// not arrived.
std::optional<std::size_t> header_end(std::string_view block, std::size_t from) {
  if (block.starts_with(kLineEnd)) return kLineEnd.size();
  const std::size_t at = block.find(kBlankLine, from);
  if (at == std::string_view::npos) return std::nullopt;
  return at + kBlankLine.size();
}

}  // namespace

Intake::Intake(store::Store& store, const AccountId& account, HeaderFacts facts, JudgeAuthors judge)
    : facts_(std::move(facts)), judge_(std::move(judge)), upload_(store, account) {}

async::Task<Status> Intake::feed(std::string_view octets) {
  if (in_body_) co_return co_await upload_.feed(octets);
  header_ += octets;
  if (const auto end = header_end(header_, looked_at_)) co_return co_await header_is_whole(*end);
  looked_at_ = header_.size() - std::min(header_.size(), kBlankLine.size() - 1);
  if (header_.size() > kMaxHeader)
    co_return fail(ErrorKind::too_big, "The header is larger than 1 MiB");
  co_return Status();
}

async::Task<Status> Intake::header_is_whole(std::size_t size) {
  in_body_ = true;
  if (size > kMaxHeader) co_return fail(ErrorKind::too_big, "The header is larger than 1 MiB");
  auto completed = complete_header(std::string_view(header_).substr(0, size), facts_);
  if (!completed) co_return pass(completed);
  auto added = co_await judge_(std::move(completed->authors));
  if (!added) co_return pass(added);
  *added += completed->added;
  if (Status fed = co_await upload_.feed(*added); !fed) co_return fed;
  Status fed = co_await upload_.feed(header_);
  release_memory(header_);
  co_return fed;
}

async::Task<Result<store::NewEmail>> Intake::finish() {
  if (!in_body_) {
    // The message consists of a header only. RFC 5322 §3.5 allows the body, and with it the blank
    // line, to be absent.
    if (!header_.empty() && !header_.ends_with(kLineEnd)) header_ += kLineEnd;
    if (Status whole = co_await header_is_whole(header_.size()); !whole) co_return pass(whole);
  }
  co_return co_await upload_.finish();
}

async::Task<Result<store::NewEmail>> Intake::finish_for(AccountId account) {
  co_return co_await upload_.finish({}, account);
}

}  // namespace posthorn::service
