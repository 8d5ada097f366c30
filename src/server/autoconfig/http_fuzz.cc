// Feeds a client's octets, request after request. For any request, an answer in XML is well-formed,
// and the answers are the same if the octets arrive one by one.

#include <libxml/parser.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "server/autoconfig/route.h"
#include "server/http/format_response.h"
#include "server/http/request_reader.h"

namespace posthorn::server::autoconfig {
namespace {

using http::format_response;
using http::RequestReader;
using http::Response;

const Services kServices{.hostname = "mail.example.org",
                         .domains = {"example.org"},
                         .offered = {{Kind::imap, Protection::tls, 993},
                                     {Kind::pop3, Protection::starttls, 110},
                                     {Kind::submission, Protection::none, 587}},
                         .https_port = 443};

bool is_well_formed(const std::string& document) {
  xmlDoc* const parsed =
      xmlReadMemory(document.data(), static_cast<int>(document.size()), nullptr, nullptr,
                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
  xmlFreeDoc(parsed);
  return parsed != nullptr;
}

bool is_xml(const Response& response) { return response.body.starts_with("<?xml"); }

/// Not compared: if all octets arrive together, a request may be refused before the end of its
/// header is seen.
bool refuse(const Response& response) {
  if (format_response(response, {}, {}).empty()) std::abort();
  return false;
}

/// Takes one request from the front. Returns false at the end, or if a request is refused.
bool serve_one(std::string& input, std::size_t step, std::string& out) {
  RequestReader reader({.header = 2048, .body = 4096});
  std::string offered;
  while (!input.empty()) {
    offered += input.substr(0, step);
    input.erase(0, step);
    const auto progress = reader.take(offered);
    if (!progress) return refuse(progress.error());
    if (*progress != RequestReader::Progress::complete) continue;
    input.insert(0, offered);
    const auto request = reader.request();
    if (!request) return refuse(request.error());
    const Response response = answer(kServices, *request);
    if (is_xml(response) && !is_well_formed(response.body)) std::abort();
    out += format_response(response, {.keep_alive = reader.keeps_alive()}, {});
    return true;
  }
  return false;
}

std::string serve(std::string input, std::size_t step) {
  std::string out;
  while (serve_one(input, step, out)) {
  }
  return out;
}

}  // namespace
}  // namespace posthorn::server::autoconfig

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace posthorn::server::autoconfig;
  if (size > 8192) return 0;
  const std::string input(reinterpret_cast<const char*>(data), size);
  if (serve(input, 1) != serve(input, size + 1)) std::abort();
  return 0;
}
