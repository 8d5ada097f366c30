#include "store/read/redigest.h"

#include <algorithm>

#include "message/mime/analyzer.h"
#include "store/format/codec.h"
#include "store/format/record.h"

namespace posthorn::store {

bool is_trusted_keys(std::string_view keys) { return message::KeysView(keys).ok(); }
bool is_trusted_structure(std::string_view structure) {
  return message::StructureView(structure).ok();
}
bool is_trusted(const EmailRecord& record) {
  return is_trusted_keys(record.keys) && is_trusted_structure(record.structure);
}

async::Task<Result<message::Digest>> digest_again(engine::Engine& engine, std::string_view header,
                                                  std::string_view body) {
  auto list = decode_body_list(body);
  if (!list) co_return pass(list);
  message::Analyzer analyzer;
  // A digest describes the message as received, without the fields that this delivery put in front.
  header.remove_prefix(std::min<std::size_t>(list->prefix_size, header.size()));
  analyzer.feed(header);
  if (!list->inside.empty()) {
    auto octets = unseal_inside(*list);
    if (!octets) co_return pass(octets);
    analyzer.feed(*octets);
  }
  for (const BodyPiece& piece : list->pieces) {
    auto stored = co_await engine.read_piece(piece.name);
    if (!stored) co_return pass(stored);
    auto bytes = unseal_page(*stored);
    if (!bytes) co_return pass(bytes);
    analyzer.feed(*bytes);
  }
  co_return message::make_digest(analyzer.finish());
}

}  // namespace posthorn::store
