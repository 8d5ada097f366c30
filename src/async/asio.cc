// Asio's own code, compiled once for every layer that includes its headers.
#include <boost/asio/impl/src.hpp>
