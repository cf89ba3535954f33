package convert

import (
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// EndpointsProto makes the contract's endpoints.
func EndpointsProto(list []model.Endpoint) []*greenroomv1.Endpoint {
	return each(list, func(e model.Endpoint) *greenroomv1.Endpoint {
		return &greenroomv1.Endpoint{Name: e.Name, Url: e.URL}
	})
}

// EndpointsModel is the model's endpoints.
func EndpointsModel(list []*greenroomv1.Endpoint) []model.Endpoint {
	return each(list, func(p *greenroomv1.Endpoint) model.Endpoint {
		return model.Endpoint{Name: p.GetName(), URL: p.GetUrl()}
	})
}
