#include "server/autoconfig/autodiscover_request.h"

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <memory>

#include "text/ascii.h"

namespace posthorn::server::autoconfig {
namespace {

struct FreeContext {
  void operator()(xmlParserCtxt* context) const { xmlFreeParserCtxt(context); }
};
struct FreeDocument {
  void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
};
struct FreeText {
  void operator()(xmlChar* text) const { xmlFree(text); }
};
using Document = std::unique_ptr<xmlDoc, FreeDocument>;

/// Called at "<!DOCTYPE", before any declaration is processed. No client sends one, and all
/// dangerous features of XML start there.
void refuse_document_type(void* context, const xmlChar*, const xmlChar*, const xmlChar*) {
  xmlStopParser(static_cast<xmlParserCtxt*>(context));
}

/// Null if the document is not well-formed or was refused.
Document parse_xml(std::string_view body) {
  // Once, before several threads use the library.
  static const bool ready = (xmlInitParser(), true);
  const std::unique_ptr<xmlParserCtxt, FreeContext> context(ready ? xmlNewParserCtxt() : nullptr);
  if (!context || body.size() > INT_MAX) return nullptr;
  context->sax->internalSubset = refuse_document_type;
  return Document(xmlCtxtReadMemory(context.get(), body.data(), static_cast<int>(body.size()),
                                    nullptr, nullptr,
                                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING));
}

bool is_element(const xmlNode* node, std::string_view name) {
  return node->type == XML_ELEMENT_NODE && reinterpret_cast<const char*>(node->name) == name;
}

xmlNode* find_child(const xmlNode* parent, std::string_view name) {
  for (xmlNode* node = parent->children; node != nullptr; node = node->next)
    if (is_element(node, name)) return node;
  return nullptr;
}

std::string text_of(xmlNode* node) {
  if (node == nullptr) return {};
  const std::unique_ptr<xmlChar, FreeText> content(xmlNodeGetContent(node));
  if (!content) return {};
  return std::string(text::trim(reinterpret_cast<const char*>(content.get())));
}

}  // namespace

Result<AutodiscoverRequest> parse_autodiscover(std::string_view body) {
  const Document document = parse_xml(body);
  if (!document)
    return fail(ErrorKind::syntax, "The body is not well-formed XML of a supported form.");
  const xmlNode* const root = xmlDocGetRootElement(document.get());
  if (root == nullptr || !is_element(root, "Autodiscover"))
    return fail(ErrorKind::syntax, "The body is not an Autodiscover request.");
  const xmlNode* const request = find_child(root, "Request");
  if (request == nullptr) return AutodiscoverRequest{};
  return AutodiscoverRequest{text_of(find_child(request, "EMailAddress")),
                             text_of(find_child(request, "AcceptableResponseSchema"))};
}

}  // namespace posthorn::server::autoconfig
