#include "directory/entry.h"

namespace posthorn::directory {

Asked::Asked(std::string whole) : name(std::move(whole)) {
  const std::size_t at = name.rfind('@');
  user = name.substr(0, at);
  if (at != std::string::npos) domain = name.substr(at + 1);
}

}  // namespace posthorn::directory
