#include "server/http/message.h"

#include "text/ascii.h"

namespace posthorn::server::http {

const std::string* Request::header(std::string_view name) const {
  for (const Field& field : headers)
    if (text::iequals(field.name, name)) return &field.value;
  return nullptr;
}

}  // namespace posthorn::server::http
