#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "extract/child/office.h"

// Any octets as an archive, and as an XML file of one: no crash, and not more text than the limit.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace posthorn::extract;
  constexpr std::size_t kMost = 10'000;
  std::size_t octets = 0;
  TextOutput out(
      [&](std::string_view text) {
        octets += text.size();
        return true;
      },
      kMost);
  const std::string_view document(reinterpret_cast<const char*>(data), size);
  (void)extract_office(document, out, {.octets = 1 << 20, .entries = 100, .depth = 50});
  for (const Markup markup : {Markup::open_xml, Markup::open_document}) {
    XmlText xml(markup, out, 50);
    // In two portions, as an archive gives it.
    if (xml.feed(document.substr(0, size / 2)) && xml.feed(document.substr(size / 2)))
      (void)xml.finish();
  }
  out.flush();
  if (octets > kMost) std::abort();
  return 0;
}
