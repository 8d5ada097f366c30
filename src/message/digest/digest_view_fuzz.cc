#include <cstdint>
#include <cstdlib>

#include "message/digest/digest.h"
#include "message/mime/section.h"

// Views of arbitrary octets: no crash, no endless loop, no access outside of them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace posthorn::message;
  const std::string_view in(reinterpret_cast<const char*>(data), size);
  std::size_t total = 0;
  const KeysView keys(in);
  for (const std::string_view s :
       {keys.from(), keys.to(), keys.cc(), keys.bcc(), keys.subject(), keys.base_subject(),
        keys.sort_from(), keys.sort_to(), keys.sort_cc(), keys.display_from(), keys.display_to(),
        keys.message_id()})
    total += s.size();
  for (const std::string_view id : keys.references()) total += id.size();
  if (total > size) std::abort();
  if (!keys.ok() && (keys.has_sent() || keys.size() != 0)) std::abort();

  const StructureView structure(in);
  for (const StringForm form : {StringForm::ascii, StringForm::utf8}) {
    total = structure.envelope(form).size() + structure.body(form).size() +
            structure.bodystructure(form).size() + structure.preview().size();
    if (total > size) std::abort();
  }
  for (std::size_t i = 0; i <= structure.part_count() && i < 2000; ++i) {
    const auto part = structure.part(i);
    if (part && part->type.size() + part->charset.size() > size) std::abort();
    if (const auto child = structure.child(i, 2); child && child->index <= i) std::abort();
  }
  const std::uint32_t path[] = {1, 2, 1};
  for (const SectionKind kind :
       {SectionKind::whole, SectionKind::header, SectionKind::text, SectionKind::mime}) {
    const auto range = find_section(structure, path, kind);
    if (range && range->begin > range->end) std::abort();
  }
  return 0;
}
