#include "extract/child/office.h"

#include <archive.h>
#include <archive_entry.h>
#include <libxml/parser.h>

#include <array>
#include <memory>

namespace posthorn::extract {

Markup markup_of(std::string_view path) {
  if (path == "content.xml" || path == "styles.xml") return Markup::open_document;
  if (!path.ends_with(".xml")) return Markup::none;
  constexpr std::array<std::string_view, 14> kBegin = {
      "word/document", "word/header", "word/footer",    "word/footnotes", "word/endnotes",
      "word/comments", "xl/sharedS",  "xl/worksheets/", "xl/comments",    "xl/threadedComments/",
      "ppt/slides/",   "ppt/notesSl", "ppt/comments/",  "xl/drawings/"};
  for (const std::string_view begin : kBegin)
    if (path.starts_with(begin)) return Markup::open_xml;
  return Markup::none;
}

/// Characters count within some elements, and other elements separate words. The names are looked
/// at without their namespaces, which differ between versions of the formats.
struct XmlText::State {
  State(Markup m, TextOutput& o, std::size_t d) : markup(m), out(o), most_depth(d) {}

  static std::string_view view(const xmlChar* name) {
    return name == nullptr ? std::string_view() : reinterpret_cast<const char*>(name);
  }
  [[nodiscard]] bool has_text(std::string_view name) const {
    if (markup == Markup::open_document) return name == "p" || name == "h";
    return name == "t" || name == "text" || (name == "v" && !shared);
  }
  /// Returns whether words before and after the element's end (or the element, if it is empty) are
  /// separate.
  [[nodiscard]] bool separates(std::string_view name) const {
    constexpr std::array<std::string_view, 9> kOffice = {"p", "br", "cr",   "tab",    "si",
                                                         "c", "tc", "ptab", "comment"};
    constexpr std::array<std::string_view, 6> kOpen = {"p", "h", "tab", "line-break", "s", "note"};
    const auto in = [&](const auto& names) {
      for (const std::string_view one : names)
        if (one == name) return true;
      return false;
    };
    return markup == Markup::open_document ? in(kOpen) : in(kOffice);
  }
  void end() {
    stopped = true;
    xmlStopParser(parser);
  }

  const Markup markup;
  TextOutput& out;
  const std::size_t most_depth;
  xmlParserCtxt* parser = nullptr;
  std::size_t depth = 0;
  std::size_t within = 0;  ///< Elements whose characters count.
  bool shared = false;     ///< The cell's value is the number of a shared string.
  bool stopped = false;
};

// Nothing of the parser is left at its default: no document type, no entities but those of XML
// itself, nothing that is opened.
XmlText::XmlText(Markup markup, TextOutput& out, std::size_t depth)
    : state_(new State(markup, out, depth)) {
  xmlSAXHandler handler{};
  handler.initialized = XML_SAX2_MAGIC;
  handler.internalSubset = [](void* data, const xmlChar*, const xmlChar*, const xmlChar*) {
    static_cast<State*>(data)->end();
  };
  handler.startElementNs = [](void* data, const xmlChar* local, const xmlChar*, const xmlChar*, int,
                              const xmlChar**, int count, int, const xmlChar** attributes) {
    State& s = *static_cast<State*>(data);
    if (++s.depth > s.most_depth) return s.end();
    const std::string_view name = State::view(local);
    if (name == "c" && s.markup == Markup::open_xml) {
      s.shared = false;
      // Five pointers for each: name, prefix, URI, value, end of the value.
      for (int i = 0; i < count; ++i) {
        const xmlChar** const attribute = attributes + std::ptrdiff_t{i} * 5;
        const std::string_view value(reinterpret_cast<const char*>(attribute[3]),
                                     static_cast<std::size_t>(attribute[4] - attribute[3]));
        if (State::view(attribute[0]) == "t") s.shared = value == "s";
      }
    }
    if (s.has_text(name)) ++s.within;
  };
  handler.endElementNs = [](void* data, const xmlChar* local, const xmlChar*, const xmlChar*) {
    State& s = *static_cast<State*>(data);
    if (s.depth > 0) --s.depth;
    const std::string_view name = State::view(local);
    if (s.has_text(name) && s.within > 0) --s.within;
    if (s.separates(name) && !s.out.separate()) s.end();
  };
  handler.characters = [](void* data, const xmlChar* text, int length) {
    State& s = *static_cast<State*>(data);
    if (s.within == 0 || length <= 0) return;
    const bool more =
        s.out.put({reinterpret_cast<const char*>(text), static_cast<std::size_t>(length)});
    if (!more) s.end();
  };
  handler.cdataBlock = handler.characters;
  handler.ignorableWhitespace = handler.characters;
  state_->parser = xmlCreatePushParserCtxt(&handler, state_, nullptr, 0, nullptr);
  if (state_->parser == nullptr) {
    delete state_;
    throw std::bad_alloc();
  }
  xmlCtxtUseOptions(state_->parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
}

XmlText::~XmlText() {
  xmlFreeParserCtxt(state_->parser);
  delete state_;
}

bool XmlText::feed(std::string_view octets) {
  if (state_->stopped) return false;
  const int error =
      xmlParseChunk(state_->parser, octets.data(), static_cast<int>(octets.size()), 0);
  return error == 0 && !state_->stopped;
}

bool XmlText::finish() {
  if (state_->stopped) return false;
  return xmlParseChunk(state_->parser, nullptr, 0, 1) == 0 && !state_->stopped;
}

namespace {

struct CloseArchive {
  void operator()(archive* a) const { archive_read_free(a); }
};

}  // namespace

bool extract_office(std::string_view document, TextOutput& out, const OfficeLimits& limits) {
  const std::unique_ptr<archive, CloseArchive> in(archive_read_new());
  if (!in || archive_read_support_format_zip(in.get()) != ARCHIVE_OK ||
      archive_read_open_memory(in.get(), document.data(), document.size()) != ARCHIVE_OK)
    return false;
  std::size_t octets = 0;
  std::size_t entries = 0;
  bool whole = true;
  std::array<char, 64 << 10> buffer;
  while (out.is_wanted()) {
    archive_entry* entry = nullptr;
    const int next = archive_read_next_header(in.get(), &entry);
    if (next == ARCHIVE_EOF) break;
    if (next != ARCHIVE_OK && next != ARCHIVE_WARN) return false;
    if (++entries > limits.entries) return false;
    const char* const path = archive_entry_pathname(entry);
    const Markup markup = path == nullptr ? Markup::none : markup_of(path);
    if (markup == Markup::none) continue;
    XmlText xml(markup, out, limits.depth);
    bool readable = true;
    for (;;) {
      const la_ssize_t got = archive_read_data(in.get(), buffer.data(), buffer.size());
      if (got < 0) return false;
      if (got == 0) break;
      octets += static_cast<std::size_t>(got);
      if (octets > limits.octets) return false;
      readable = xml.feed({buffer.data(), static_cast<std::size_t>(got)});
      if (!readable) break;
    }
    readable = readable && xml.finish();
    whole = whole && (readable || !out.is_wanted());
    out.separate();
  }
  return whole && entries > 0;
}

}  // namespace posthorn::extract
